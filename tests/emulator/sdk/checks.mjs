// Run the check named on the command line, or print the names of all with --list.

export async function perform(checks) {
  const [name] = process.argv.slice(2);
  if (name === '--list') {
    console.log(JSON.stringify(Object.keys(checks)));
    return;
  }
  const check = checks[name];
  if (check === undefined) {
    throw new Error(`there is no check "${name}"; there are: ${Object.keys(checks).join(', ')}`);
  }
  await check();
}

// What a rejected call was rejected with.
export async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('the call was not refused');
}
