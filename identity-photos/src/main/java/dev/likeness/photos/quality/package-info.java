/**
 * Why a photo is kept, kept with a warning, or rejected.
 *
 * <p>Every {@link Reason} has a {@link ReasonCode} for programs, a {@link Verdict}, the measured
 * value, the limit, and a sentence for people. {@link QualityLimits} holds the limits and may be
 * changed code by code. The measures themselves lie in
 * {@code dev.likeness.photos.internal.quality}, whose {@code QualityChecks} lists them in order;
 * codes of a whole set, such as near duplicates, come from {@link dev.likeness.photos.PhotoReview}.
 * {@link Brisque} and a {@link FaceQuality} network are optional measures.
 *
 * <pre>{@code
 * QualityLimits.Band usual = QualityLimits.DEFAULT.band(ReasonCode.BLURRED);
 * System.out.println("warns and rejects at " + usual);
 * QualityLimits limits = QualityLimits.DEFAULT.with(ReasonCode.BLURRED, usual);
 * ReviewOptions options = ReviewOptions.defaults().withQualityLimits(limits);
 * try (ReviewTools tools = ReviewTools.builtIn()) {
 *   PhotoReview.of(PhotoSet.from(Path.of("selfies")), tools, options);
 * }
 * }</pre>
 */
package dev.likeness.photos.quality;
