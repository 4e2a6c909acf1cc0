/**
 * Requests for images: their options, progress and cancellation.
 *
 * <p>An {@link ImageRequest} is immutable and consists of option records: {@link PromptOptions},
 * {@link SamplingOptions}, {@link SizeOptions}, {@link GuidanceOptions}, {@link CachingOptions},
 * {@link TilingOptions}, {@link ReferenceImages}, {@link GenerationHooks}, and optionally an
 * {@link InitialImage}, {@link ControlImage control images}, {@link Adapter adapters} and a second
 * pass ({@link HiresFix}). Each method that takes an option returns a changed copy. Options that a
 * request does not set have the base model's {@link GenerationDefaults}. Long work reports to a
 * {@link Progress} and ends with exactly one terminal {@link ProgressEvent}. After
 * {@link Cancellation#cancel()}, the work stops within a step.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   ImageRequest request = ImageRequest.of("portrait of a man")
 *       .scheduler("DPM++ 2M Karras")
 *       .steps(25)
 *       .guidance(GuidanceOptions.DEFAULT.scale(6).rescale(0.7))
 *       .count(4);
 *   Cancellation stop = new Cancellation();
 *   List<GeneratedImage> images = base.generateAll(request, new Run(System.out::println, stop));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.request;

import org.jspecify.annotations.NullMarked;
