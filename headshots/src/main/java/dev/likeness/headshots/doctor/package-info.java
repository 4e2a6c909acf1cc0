/**
 * Examines whether this machine can generate images.
 *
 * <p>{@link Doctor#examine()} looks at the JVM, memory, native libraries, devices, settings and
 * caches. It returns {@link Doctor.Diagnosis diagnoses}, whose texts say what to do. An application
 * can log the missing parts at its start, or report them in its health check:
 *
 * <pre>{@code
 * Doctor.examine().stream().filter(Doctor.Diagnosis::isMissing).forEach(System.out::println);
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots.doctor;

import org.jspecify.annotations.NullMarked;
