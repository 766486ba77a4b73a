// Hydrate the whole document with React, and keep what React complains about.
import { createElement } from 'react';
import { hydrateRoot } from 'react-dom/client';

const Page = ({ text }) => createElement('html', { lang: 'en' },
  createElement('head', null, createElement('title', null, 'Whole')),
  createElement('body', null, createElement('p', null, text)));

globalThis.hydrate = (text) => new Promise((resolve) => {
  const complaints = [];
  const complain = (...said) => complaints.push(String(said[0]));
  console.error = complain;
  const Watched = () => {
    // Errors of hydration are told once the work is done and the browser is idle.
    requestAnimationFrame(() => setTimeout(() => resolve(complaints)));
    return createElement(Page, { text });
  };
  hydrateRoot(document, createElement(Watched), { onRecoverableError: complain });
});
