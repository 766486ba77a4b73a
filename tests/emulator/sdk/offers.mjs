// Drive bookings, plans, orders and the OAuth app with Wix's own modules: `node offers.mjs CHECK`.

import assert from 'node:assert/strict';
import { oAuthApps } from '@wix/auth-management';
import {
  availabilityCalendar, availabilityTimeSlots, bookings, extendedBookings, services,
} from '@wix/bookings';
import { currentCart, orders } from '@wix/ecom';
import { plans, orders as planOrders } from '@wix/pricing-plans';
import { redirects } from '@wix/redirects';
import { products } from '@wix/stores';
import { perform, refusal } from './checks.mjs';
import { app, logIn, project, visitor } from './emulated.mjs';

const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';
const SITE = 'http://localhost:4321';
const CALLBACKS = { postFlowUrl: `${SITE}/back`, thankYouPageUrl: `${SITE}/thanks` };
const WEEK = 7 * 24 * 3600 * 1000;

// Press "Complete" on the page behind a redirect session, and return where that leads.
async function complete(client, intent, cookie = '') {
  const { redirectSession } = await client.redirects.createRedirectSession({
    ...intent, callbacks: CALLBACKS,
  });
  const url = new URL(redirectSession.fullUrl);
  const shown = await fetch(url, { headers: { cookie } });
  assert.equal(shown.status, 200);
  const answer = await fetch(url.origin + url.pathname, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie },
    body: new URLSearchParams({ redirectSessionId: url.searchParams.get('redirectSessionId') }),
  });
  return new URL(answer.headers.get('location'), url);
}

async function teaTasting(client) {
  const found = await client.services.queryServices().eq('mainSlug.name', 'tea-tasting').find();
  assert.equal(found.items.length, 1);
  return found.items[0];
}

const checks = {
  async 'booking by the calendar'() {
    const client = visitor({ availabilityCalendar, extendedBookings, redirects, services });
    const service = await teaTasting(client);
    assert.equal(service.payment.fixed.price.value, '35.00');
    const { availabilityEntries } = await client.availabilityCalendar.queryAvailability({
      filter: {
        serviceId: [service._id],
        startDate: new Date().toISOString(),
        endDate: new Date(Date.now() + WEEK).toISOString(),
        bookable: true,
      },
    }, { timezone: 'UTC' });
    const [slotAvailability] = availabilityEntries;
    assert.equal(slotAvailability.openSpots, 4);
    const back = await complete(client, {
      bookingsCheckout: { slotAvailability, timezone: 'UTC' },
    });
    assert.equal(back.href, `${SITE}/thanks?wixMemberLoggedIn=false`);
    const mine = await client.extendedBookings.queryExtendedBookings({ filter: {} });
    const [{ booking }] = mine.extendedBookings;
    assert.equal(booking.status, 'CONFIRMED');
    assert.ok(booking.startDate instanceof Date);
    assert.equal(booking.startDate.getTime(), Date.parse(slotAvailability.slot.startDate));
  },

  async 'booking by time slots'() {
    const client = visitor({ availabilityTimeSlots, bookings, services });
    const service = await teaTasting(client);
    const day = (time) => new Date(time).toISOString().slice(0, 10);
    const { timeSlots, timeZone } = await client.availabilityTimeSlots.listAvailabilityTimeSlots({
      serviceId: service._id,
      fromLocalDate: `${day(Date.now())}T00:00:00`,
      toLocalDate: `${day(Date.now() + WEEK)}T00:00:00`,
      timeZone: 'UTC',
      bookable: true,
    });
    assert.equal(timeZone, 'UTC');
    const [free] = timeSlots;
    const { booking } = await client.bookings.createBooking({
      bookedEntity: { slot: { serviceId: service._id, startDate: `${free.localStartDate}Z` } },
      contactDetails: { firstName: 'Nia', email: 'nia@example.test' },
      totalParticipants: 2,
    });
    assert.equal(booking.status, 'CREATED');
    const { token } = await client.bookings.getAnonymousActionToken(booking._id);
    const read = await client.bookings.bookingsGetBookingAnonymously(token);
    assert.equal(read.booking._id, booking._id);
    const { timeSlot } = await client.availabilityTimeSlots.getAvailabilityTimeSlot(
      service._id, free.localStartDate, free.localEndDate, 'UTC', { locationType: 'BUSINESS' },
    );
    assert.equal(timeSlot.remainingCapacity, 2);
  },

  async 'an order'() {
    const client = visitor({ currentCart, orders, products, redirects });
    const found = await client.products.queryProducts().eq('slug', 'dawn-mug').find();
    const catalogReference = { appId: STORES, catalogItemId: found.items[0]._id };
    await client.currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity: 2 }] });
    const { checkoutId } = await client.currentCart.createCheckoutFromCurrentCart({ channelType: 'WEB' });
    const back = await complete(client, { ecomCheckout: { checkoutId } });
    const order = await client.orders.getOrder(back.searchParams.get('orderId'));
    assert.equal(order.priceSummary.total.amount, '48.00');
    assert.equal(order.checkoutId, checkoutId);
    assert.ok(order._createdDate instanceof Date);
    const searched = await client.orders.searchOrders({ cursorPaging: { limit: 5 } });
    assert.deepEqual(searched.orders.map((each) => each._id), [order._id]);
    const emptied = await refusal(() => client.currentCart.getCurrentCart());
    assert.equal(emptied.status, 404);
  },

  async 'plans'() {
    const client = visitor({ planOrders, plans, redirects });
    const found = await client.plans.queryPublicPlans().eq('slug', 'night-reader').find();
    const [plan] = found.items;
    assert.equal(plan.pricing.price.value, '9.00');
    const listed = await client.plans.listPublicPlans();
    assert.equal(listed.plans.length, 2);
    const away = await complete(client, { paidPlansCheckout: { planId: plan._id } });
    assert.equal(away.pathname, '/signup');

    await logIn(client, 'ada@example.test', 'ada-password');
    const mine = await client.planOrders.memberListOrders();
    assert.deepEqual(mine.orders, []);
  },

  async 'the OAuth app'() {
    const { oAuthApps: apps } = app({ oAuthApps });
    const found = await apps.getOAuthApp(project.clientId);
    assert.equal(found._id, project.clientId);
    assert.ok(found._createdDate instanceof Date);
    assert.ok(found.allowedRedirectUris.includes(project.redirectUri));
    assert.equal(found.redirectUrlWixPages, project.origin);

    const uris = ['https://shop.example.test/cb'];
    const untouched = await apps.updateOAuthApp(project.clientId, { allowedRedirectUris: uris });
    assert.deepEqual(untouched.allowedRedirectUris, found.allowedRedirectUris);
    const changed = await apps.updateOAuthApp(
      project.clientId, { allowedRedirectUris: uris, name: 'X' }, ['allowedRedirectUris'],
    );
    assert.deepEqual(changed.allowedRedirectUris, uris);
    assert.equal(changed.name, found.name);

    const made = await apps.createOAuthApp({ name: 'Second' });
    const queried = await apps.queryOAuthApps().eq('name', 'Second').find();
    assert.deepEqual(queried.items.map((each) => each._id), [made._id]);

    const refused = await refusal(() => visitor({ oAuthApps }).oAuthApps.getOAuthApp(project.clientId));
    assert.equal(refused.status, 403);
  },
};

await perform(checks);
