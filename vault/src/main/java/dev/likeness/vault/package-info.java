/**
 * Receipts of erasures are signed through {@link dev.likeness.vault.ReceiptSigner}, by an
 * application's own key or by the identity with which {@code likeness-provenance} signs images.
 */
package dev.likeness.vault;
