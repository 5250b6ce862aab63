import { z } from 'zod';

/** `acme`, `acme/research`, `acme/research/writer`: what is spent from an account is spent from all above it. */
const ACCOUNT_NAME = /^[a-z0-9][a-z0-9._-]{0,39}(\/[a-z0-9][a-z0-9._-]{0,39}){0,4}$/;

export const accountNameSchema = z
  .string()
  .regex(ACCOUNT_NAME, 'up to five names joined by "/", each of lower-case letters, digits and . _ -');
