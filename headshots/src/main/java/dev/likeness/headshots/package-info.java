/**
 * The studio: from a person's photos to headshots that look like that person.
 *
 * <p>{@link HeadshotStudio} trains a person from reviewed photos, with
 * {@link dev.likeness.diffusion.Consent} for each {@link dev.likeness.diffusion.Purpose}, and
 * shoots headshots in a {@link dev.likeness.headshots.style.Style}. A {@link ShootRequest} says how
 * many, of which styles and how; a {@link Shoot} holds the {@link Headshot headshots}.
 * {@link Selection} shoots many, scores them and keeps a varied few. {@link HeadshotEdit} changes
 * outfit, backdrop, light or expression of one. Images are marked as generated (XMP);
 * {@code likeness-provenance} adds signatures and a watermark.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   HeadshotStudio studio = HeadshotStudio.on(base);
 *   try (TrainedPerson ada = studio.learn(review, Consent.of("Ada: for my own use"))) {
 *     Headshot first = studio.shoot(ada, Style.named("studio"), 1).headshots().get(0);
 *     Files.write(Path.of("headshot.png"), first.toPng());
 *   }
 * }
 * }</pre>
 */
package dev.likeness.headshots;
