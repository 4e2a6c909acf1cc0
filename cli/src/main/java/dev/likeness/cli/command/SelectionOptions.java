package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.PhotoPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.likeness.Likeness;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options that select the best headshots. */
@Command(optionListHeading = "Selection")
final class SelectionOptions {
  @NumberRange(min = 1, max = NumberRange.MAX_IMAGES)
  @Option(
      names = "--keep",
      paramLabel = "K",
      description = "keeps the K best and most varied headshots; record.json and report.html give "
          + "the reasons (default: keeps all)")
  private Integer keep;

  @NumberRange(min = 0, max = 100)
  @Option(
      names = "--distortion",
      paramLabel = "MAX",
      description = "with --keep: rejects headshots with a BRISQUE distortion above this limit, "
          + "0..100; photos have 0 to 36, headshots of the base portrait 47 to 68 "
          + "(default: no limit)")
  private Double distortion;

  /**
   * The headshots, and the selection if {@code --keep} is given.
   *
   * @param shoot all headshots, or the selected ones
   * @param cards the scores of all headshots without {@code --keep}; empty with it
   * @param selection empty without {@code --keep}
   */
  record GeneratedShoot(Shoot shoot, List<ScoreCard> cards, Optional<SelectionResult> selection) {}

  /**
   * How headshots are delivered; the scores are those of the delivered files.
   *
   * @param crop crops a generated headshot
   * @param marking marks the files
   */
  record Delivery(UnaryOperator<Headshot> crop, GeneratedImage.Marking marking) {}

  /**
   * Refuses a {@code --keep} above the number of headshots, and a limit that is out of range or has
   * no effect.
   */
  void validate(ShootRequest request) {
    if (distortion != null && keep == null) {
      throw new IllegalArgumentException("--distortion " + distortion
          + " limits the headshots that --keep selects; give --keep too");
    }
    if (keep != null) {
      Selection.requireCount(request, keep);
    }
  }

  /**
   * Generates headshots and selects by {@code limits} if {@code --keep} is given.
   *
   * @param kept the record in the person's file; likeness is measured with it if {@code judges} is
   *     null
   * @param judges the photos that judge likeness, or null
   */
  GeneratedShoot generate(
      HeadshotStudio studio,
      ScoreLimits limits,
      Identity person,
      PersonRecord kept,
      List<AcceptedPhoto> judges,
      ShootRequest request,
      ReviewTools tools,
      Delivery delivery,
      Run run) {
    HeadshotScores scores = scores(
        withDistortionLimit(limits, tools),
        kept,
        judges,
        tools,
        person,
        keep == null ? Progress.SILENT : run.progress());
    if (keep == null) {
      Shoot shoot = new Shoot(
          request,
          studio.shoot(person, request, run).headshots().stream()
              .map(delivery.crop)
              .toList());
      return new GeneratedShoot(
          shoot,
          shoot.headshots().stream()
              .map(each -> scores.score(each.marked(delivery.marking)))
              .toList(),
          Optional.empty());
    }
    SelectionResult choice = Selection.of(studio, tools.detector(), scores)
        .delivery(delivery.crop)
        .marking(delivery.marking)
        .shoot(person, request, keep, run);
    if (choice.selected().isEmpty()) {
      throw new InvalidInputException("no headshot shows a face (number of headshots: "
          + choice.verdicts().size() + "); generate more with --count, give other styles, or leave"
          + " --keep out to get all headshots");
    }
    return new GeneratedShoot(
        new Shoot(request, choice.selected()), List.of(), Optional.of(choice));
  }

  private HeadshotScores scores(
      HeadshotScores scores,
      PersonRecord kept,
      List<AcceptedPhoto> judges,
      ReviewTools tools,
      Identity person,
      Progress progress) {
    List<ReferenceImagesPerson> people = PhotoPerson.of(person).people();
    if (people.size() > 1) {
      return scores(scores.people(people.size()), person, people, tools, progress);
    }
    if (judges != null && judges.isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice("--keep does not use likeness: the only photo is a"
          + " reference image; give more photos"));
      return scores;
    }
    if (tools.embedder().isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice("--keep does not use likeness: "
          + kept.faces()
              .map(faces -> "the person's file has face embeddings of "
                  + Quoted.value(faces.embedder()) + "; give this face embedder with --embedder")
              .orElse("the base has no face embedder; give one with --embedder")));
      return scores;
    }
    FaceEmbedder eye = tools.embedder().get();
    Optional<Likeness> likeness = judges != null
        ? Optional.of(FaceEmbeddings.of(judges, eye).likeness(tools.detector(), eye))
        : FaceOptions.likeness(tools, kept);
    if (likeness.isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice(
          "--keep does not use likeness: the person's file has no face embeddings of " + eye.name()
              + "; train again with --embedder, or give --photos and --embedder"));
    }
    return likeness.map(measure -> scores.likeness(measure, person)).orElse(scores);
  }

  private static HeadshotScores scores(
      HeadshotScores scores,
      Identity group,
      List<ReferenceImagesPerson> people,
      ReviewTools tools,
      Progress progress) {
    List<Likeness> measures = people.stream()
        .flatMap(one -> FaceOptions.likeness(tools, one.record()).stream())
        .toList();
    if (measures.size() == people.size()) {
      return scores.likeness(measures, group);
    }
    progress.onEvent(new ProgressEvent.Notice("--keep does not use likeness: "
        + tools
            .embedder()
            .map(eye -> "not every person's file has face embeddings of " + eye.name()
                + "; make the files again with --embedder")
            .orElse("no face embedder is given; give one with --embedder")));
    return scores;
  }

  /**
   * Returns the embedder that measures likeness; empty if the file of a person was made by another.
   */
  static Optional<FaceEmbedder> judge(
      ReviewTools tools, Identity person, PersonRecord kept, List<AcceptedPhoto> judges) {
    List<ReferenceImagesPerson> people = PhotoPerson.of(person).people();
    return tools
        .embedder()
        .filter(eye -> people.size() > 1
            ? people.stream().allMatch(one -> isBy(eye, one.record()))
            : judges != null ? !judges.isEmpty() : isBy(eye, kept));
  }

  private static boolean isBy(FaceEmbedder eye, PersonRecord kept) {
    return kept.faces().filter(faces -> faces.embedder().equals(eye.name())).isPresent();
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
