// Wix's packages, for scripts of other folders: a package is looked up from where it is imported.

export * as sdk from '@wix/sdk';
export * as data from '@wix/data';
export * as ecom from '@wix/ecom';
export * as essentials from '@wix/essentials';
export * as identity from '@wix/identity';
export * as members from '@wix/members';
export * as redirects from '@wix/redirects';
export * as site from '@wix/site';
export * as stores from '@wix/stores';
