/**
 * The studio: from a person's photos to headshots that look like that person.
 *
 * <p>{@link HeadshotStudio} trains a person from reviewed photos, with
 * {@link dev.likeness.diffusion.Consent} for each {@link dev.likeness.diffusion.Purpose}, and
 * generates headshots. {@link Selection} generates many headshots, scores them and keeps a few that
 * differ from each other. A {@link GenerationQueue} serves many persons from one base model: it
 * runs a few jobs at once within a memory budget, and starts jobs of higher priority first. A
 * {@link GenerationJob} is a {@link java.util.concurrent.Future} that reports its progress and can
 * be cancelled.
 *
 * <p>The values that the studio accepts and returns have packages of their own:
 * {@link dev.likeness.headshots.shoot} for shoots, headshots and edits,
 * {@link dev.likeness.headshots.style} for styles, {@link dev.likeness.headshots.person} for
 * persons, {@link dev.likeness.headshots.score} for scores.
 *
 * <pre>{@code
 * PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of("selfies")));
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   HeadshotStudio studio = HeadshotStudio.on(base);
 *   try (LoraPerson ada = studio.train(review, Consent.of("Ada: for my own use"))) {
 *     Shoot shoot = studio.shoot(ada, ShootRequest.of(Style.named("studio"), 1));
 *     shoot.headshots().get(0).write(Path.of("headshot.png"));
 *   }
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.headshots;

import org.jspecify.annotations.NullMarked;
