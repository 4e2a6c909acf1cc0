/**
 * Exceptions of the library, one type for each kind of cause. All of them are
 * {@link LikenessException}s.
 *
 * <p>{@link InvalidInputException}: the caller's file, photo or value cannot be used.
 * {@link ResourceLimitException}: the request is valid, but this machine lacks memory, disk space,
 * a device or native libraries. {@link CancelledException}: the caller cancelled the work. A wrong
 * call, such as a negative number of steps, throws {@link IllegalArgumentException}. Messages are
 * one line: what was given, what was expected, where, and what to do.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   base.generate(ImageRequest.of("portrait"));
 * } catch (InvalidInputException e) {
 *   System.err.println("give another file: " + e.getMessage());
 * } catch (ResourceLimitException e) {
 *   System.err.println("this machine cannot: " + e.getMessage());
 * } catch (LikenessException e) {
 *   System.err.println(e.getMessage());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.error;

import org.jspecify.annotations.NullMarked;
