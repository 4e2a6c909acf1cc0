/**
 * Metrics and traces of all generations and trainings on a base model. Each observer needs its own
 * library on the class path: {@code micrometer-core} or {@code opentelemetry-api}.
 *
 * <pre>{@code
 * MeterRegistry registry = new SimpleMeterRegistry();
 * try (BaseModel base = BaseModel.open(Path.of("base")).observed(new MicrometerObserver(registry))) {
 *   base.generate(ImageRequest.of("studio portrait of a woman"));
 *   System.out.println(registry.get("likeness.work").timer().count());
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.integrations.observability;

import org.jspecify.annotations.NullMarked;
