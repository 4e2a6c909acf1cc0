/**
 * What this machine has for generation, and what is missing.
 *
 * <p>{@link Doctor#examine()} looks at the JVM, memory, native libraries, devices, settings and
 * caches. It answers with one {@link Doctor.Diagnosis} for each part, whose text says what to do.
 * An application can log them at its start, or report them as its health:
 *
 * <pre>{@code
 * Doctor.examine().stream().filter(Doctor.Diagnosis::isMissing).forEach(System.out::println);
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.doctor;

import org.jspecify.annotations.NullMarked;
