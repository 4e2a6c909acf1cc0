package dev.likeness.cli.command;

import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import java.util.OptionalDouble;

/**
 * The mean likeness of headshots by the face embedder of the adapter that shows the person, and by
 * the one that judges headshots.
 *
 * @param own mean cosine by the adapter's own face embedder
 * @param independent mean cosine by the embedder that judges headshots; empty if there is none
 */
record AdapterLikeness(double own, OptionalDouble independent) {
  /** Adds the mean of the scores of generated headshots to a mean by the adapter. */
  static AdapterLikeness of(double own, SelectionOptions.GeneratedShoot generated) {
    return new AdapterLikeness(
        own,
        generated.cards().stream()
            .flatMap(card -> card.of(ScoreAspect.LIKENESS).stream())
            .mapToDouble(ScoreCard.Score::value)
            .filter(Double::isFinite)
            .average());
  }

  ShootRecord addTo(ShootRecord made) {
    return independent.isPresent()
        ? made.adapterLikeness(own, independent.getAsDouble())
        : made.adapterLikeness(own);
  }

  ShootSummary addTo(ShootSummary made) {
    return independent.isPresent()
        ? made.adapterLikeness(own, independent.getAsDouble())
        : made.adapterLikeness(own);
  }
}
