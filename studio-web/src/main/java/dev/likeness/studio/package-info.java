/**
 * A studio in the browser: a local web application and HTTP API, from selfies to headshots.
 *
 * <p>{@link LikenessStudio} serves one base model and one encrypted store of people. The page and
 * its API listen on the loopback interface only, unless {@link StudioOptions#listen} gives another
 * address and a password.
 *
 * <pre>{@code
 * WrappingKey key = WrappingKey.createFile(Path.of("store.key"));
 * try (SubjectStore store = SubjectStore.open(Path.of("store"), key);
 *     LikenessStudio studio = LikenessStudio.start(
 *         () -> BaseModel.open(Path.of("base.safetensors")), store, StudioOptions.defaults())) {
 *   System.out.println("open " + studio.address() + " in a browser");
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.studio;

import org.jspecify.annotations.NullMarked;
