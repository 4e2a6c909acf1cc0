package dev.likeness.cli.command;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.likeness.Likeness;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Option;

/** How many of the drawn headshots are kept. */
final class SelectionOptions {
  @Option(
      names = "--keep",
      paramLabel = "K",
      description = "keeps the K best and most varied of all that were drawn; "
          + "record.json and report.html say why of each (default: all)")
  private Integer keep;

  @Option(
      names = "--distortion",
      paramLabel = "MAX",
      description =
          "with --keep: fails what BRISQUE finds distorted by more, "
              + "0 to 100; photographs have 0 to 36, what portrait draws 47 to 68 (default: not looked at)")
  private Double distortion;

  /**
   * What was drawn, and with {@code --keep} what was kept of it.
   *
   * @param shoot all, or those that were kept
   * @param cards the scores of all without {@code --keep}; with it they stand in the choice
   * @param selection empty without {@code --keep}
   */
  record GeneratedShoot(Shoot shoot, List<ScoreCard> cards, Optional<SelectionResult> selection) {
    /** The same with its headshots changed; what was chosen by stays as it was. */
    GeneratedShoot map(UnaryOperator<Headshot> change) {
      return new GeneratedShoot(
          new Shoot(shoot.request(), shoot.headshots().stream().map(change).toList()),
          cards,
          selection);
    }
  }

  /** Refuses to keep more than is drawn, and a limit that nothing heeds or meets. */
  void validate(ShootRequest request) {
    if (distortion != null && (keep == null || !(distortion >= 0 && distortion <= 100))) {
      throw new IllegalArgumentException(
          "--distortion " + distortion + " is a limit from 0 to 100 for what --keep chooses; "
              + (keep == null ? "give --keep too" : "give one"));
    }
    if (keep != null) {
      Selection.requireCount(request, keep);
    }
  }

  /**
   * Draws, and chooses by {@code limits} where some are to be kept.
   *
   * @param kept what the person's file keeps, which likeness is measured by where there is no
   *     {@code review}
   */
  GeneratedShoot generate(
      HeadshotStudio studio,
      ScoreLimits limits,
      Identity person,
      PersonRecord kept,
      PhotoReview review,
      ShootRequest request,
      ReviewTools tools,
      Progress progress,
      Cancellation cancellation) {
    HeadshotScores scores = scores(
        withDistortionLimit(limits, tools),
        kept,
        review,
        tools,
        keep == null ? Progress.SILENT : progress);
    if (keep == null) {
      Shoot shoot = studio.shoot(person, request, progress, cancellation);
      return new GeneratedShoot(
          shoot,
          shoot.headshots().stream().map(each -> scores.score(each.image())).toList(),
          Optional.empty());
    }
    SelectionResult choice = Selection.of(studio, tools.detector(), scores)
        .shoot(person, request, keep, progress, cancellation);
    if (choice.selected().isEmpty()) {
      throw new InvalidInputException("none of the " + choice.verdicts().size()
          + " headshots shows a face; draw more with --count, "
          + "other styles, or without --keep to look at them");
    }
    return new GeneratedShoot(
        new Shoot(request, choice.selected()), List.of(), Optional.of(choice));
  }

  private HeadshotScores scores(
      HeadshotScores scores,
      PersonRecord kept,
      PhotoReview review,
      ReviewTools tools,
      Progress progress) {
    if (tools.embedder().isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice("likeness does not count in what is kept: "
          + kept.faces()
              .map(faces -> "the person's file keeps faces as " + faces.embedder() + " sees them")
              .orElse("the base brings no embedder")
          + "; give one with --embedder"));
      return scores;
    }
    FaceEmbedder eye = tools.embedder().get();
    Optional<Likeness> likeness = review != null
        ? Optional.of(FaceEmbeddings.of(review.accepted(), eye).likeness(tools.detector(), eye))
        : FaceOptions.likeness(tools, kept);
    if (likeness.isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice(
          "likeness does not count in what is kept: the person's file keeps no faces as "
              + eye.name() + " sees them; learn or show the person again with --embedder"));
    }
    return likeness.map(scores::likeness).orElse(scores);
  }

  private HeadshotScores withDistortionLimit(ScoreLimits limits, ReviewTools tools) {
    HeadshotScores plain = HeadshotScores.of(tools.detector()).limits(limits);
    return distortion == null
        ? plain
        : tools
            .brisque()
            .map(plain::brisque)
            .orElse(plain)
            .limits(limits.with(ScoreAspect.DISTORTION, distortion));
  }
}
