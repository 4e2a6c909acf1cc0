/**
 * Verdicts on photos, their reasons, and the thresholds of the quality measures.
 *
 * <p>Every {@link Reason} has a {@link ReasonCode} for programs, a {@link Verdict}, the measured
 * value, the limit, and a sentence for users. {@link QualityLimits} contains the limits, which can
 * be changed for each measure. {@link dev.likeness.photos.PhotoReview} measures each photo, and
 * compares the photos of a set to find near duplicates and other persons. {@link Brisque} and a
 * {@link FaceQuality} network are optional measures.
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
@NullMarked
package dev.likeness.photos.quality;

import org.jspecify.annotations.NullMarked;
