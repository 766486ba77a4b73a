// Have what a script imports loaded anew with it, but for the packages.

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const { search } = new URL(context.parentURL ?? found.url);
  const own = found.url.startsWith('file:') && !found.url.includes('/node_modules/');
  return own && search && !found.url.endsWith(search)
    ? { ...found, url: found.url + search }
    : found;
}
