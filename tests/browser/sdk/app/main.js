// Modules of Wix as an application imports them: no client, no configuration.
import { OAuthStrategy, createClient } from '@wix/sdk';
import { items } from '@wix/data';
import { currentCart, orders } from '@wix/ecom';
import { auth, httpClient } from '@wix/essentials';
import { members } from '@wix/members';
import { redirects } from '@wix/redirects';
import { authentication } from '@wix/site';
import { productsV3 } from '@wix/stores';
import { availabilityCalendar, extendedBookings, services } from '@wix/bookings';

globalThis.wix = {
  auth, authentication, availabilityCalendar, currentCart, extendedBookings, httpClient,
  items, members, orders, productsV3, redirects, services, OAuthStrategy, createClient,
};
