/** The application's key, which wraps the key of every vault. */
package dev.likeness.vault.key;
