/**
 * The application's key, which encrypts (wraps) the keys of all vaults (encrypted folders) of a
 * store.
 *
 * <p>{@link WrappingKey} has two methods, so that a key management service can implement it;
 * Likeness itself reads keys from a file or an environment variable. A store that is opened without
 * the key ({@link WrappingKey#none()}) can list, erase and purge subjects, but cannot read their
 * data. If the key is lost, the data cannot be decrypted any more.
 *
 * <pre>{@code
 * WrappingKey key = WrappingKey.createFile(Path.of("store.key"));
 * try (SubjectStore store = SubjectStore.open(Path.of("store"), key)) {
 *   store.subjects().forEach(subject -> System.out.println(subject.id()));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.vault.key;

import org.jspecify.annotations.NullMarked;
