/**
 * The application's key, which wraps the key of every vault.
 *
 * <p>{@link WrappingKey} has two methods, so that a key management service can implement it; keys
 * from a file or an environment variable are built in. Without its key
 * ({@link WrappingKey#none()}), a store can list, erase and purge subjects, but read nothing. A
 * lost key cannot be replaced.
 *
 * <pre>{@code
 * WrappingKey key = WrappingKey.createFile(Path.of("store.key"));
 * try (SubjectStore store = SubjectStore.open(Path.of("store"), key)) {
 *   store.subjects().forEach(subject -> System.out.println(subject.id()));
 * }
 * }</pre>
 */
package dev.likeness.vault.key;
