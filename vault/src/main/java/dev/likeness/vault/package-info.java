/**
 * Encrypted storage of personal data: one subject per person, with retention, erasure and receipts.
 *
 * <p>A {@link SubjectStore} keeps each {@link Subject} in vaults, one for each
 * {@link DataCategory}, and each vault has a separate key. A vault is an encrypted
 * {@link java.nio.file.FileSystem}: code that accepts a {@link java.nio.file.Path} reads and writes
 * its files. {@link SubjectStudio} runs a headshot studio on subjects. {@link RetentionPolicy} sets
 * how long a store keeps data; {@link Subject#erase()} destroys keys and files and returns an
 * {@link ErasureReceipt}, signed through a {@link ReceiptSigner}.
 *
 * <pre>{@code
 * WrappingKey key = WrappingKey.ofFile(Path.of("store.key"));
 * try (SubjectStore store = SubjectStore.open(Path.of("store"), key)) {
 *   Subject ada = store.create(Consent.of("Ada: for my own use"));
 *   Path photos = ada.folder(DataCategory.PHOTOS);
 *   Files.write(photos.resolve("selfie.jpg"), Files.readAllBytes(Path.of("selfie.jpg")));
 *   ErasureReceipt receipt = ada.erase();
 *   System.out.println(receipt.isGenuine());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.vault;

import org.jspecify.annotations.NullMarked;
