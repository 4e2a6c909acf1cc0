package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.report.Recommendation;
import dev.likeness.headshots.report.ShootReport;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.vault.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Scores finished headshots and makes the report of a shoot. Scores are kept in memory only, and
 * measured again by the next process.
 */
final class Checks {
  private static final long MEMORY = 256L << 20;

  private final Studio studio;
  private final Map<String, Map<Integer, Checked>> checked = new ConcurrentHashMap<>();
  private final Map<String, ShootSummary> summaries = new ConcurrentHashMap<>();
  private final Set<String> waiting = ConcurrentHashMap.newKeySet();
  private final Set<String> checking = ConcurrentHashMap.newKeySet();

  private record Checked(ScoreCard card, Optional<Authenticity.Result> difference) {}

  Checks(Studio studio) {
    this.studio = studio;
  }

  /** Checks the images of a person that are not checked yet, on a worker of the queue. */
  void request(Subject subject) {
    if (!waiting.add(subject.id())) {
      return;
    }
    try {
      studio
          .workshop()
          .queue()
          .submit(
              run -> run.cancellation().run(() -> {
                checking.add(subject.id());
                waiting.remove(subject.id());
                try {
                  check(subject);
                } finally {
                  checking.remove(subject.id());
                }
                return null;
              }),
              MEMORY,
              GenerationQueue.DEFAULT_PRIORITY,
              event -> {},
              Duration.ZERO)
          .toCompletableFuture()
          .whenComplete((done, failure) -> waiting.remove(subject.id()));
    } catch (LikenessException | IllegalStateException full) {
      // The next look at the shoot asks again.
      waiting.remove(subject.id());
    }
  }

  private void check(Subject subject) {
    Map<Integer, Checked> known =
        checked.computeIfAbsent(subject.id(), id -> new ConcurrentHashMap<>());
    Workshop workshop = studio.workshop();
    Map<ShownBy, List<Images.Stored>> missing = new EnumMap<>(ShownBy.class);
    Map<Integer, Map<String, Object>> plans = Shoots.plansByImage(subject);
    for (Images.Stored image : Images.of(subject)) {
      ShownBy by = Identities.kept(workshop, subject, plans.getOrDefault(image.number(), Map.of()));
      List<Images.Stored> all = missing.computeIfAbsent(by, identity -> new ArrayList<>());
      if (!known.containsKey(image.number())) {
        all.add(image);
      }
    }
    missing
        .entrySet()
        .removeIf(entry ->
            entry.getValue().isEmpty() && summaries.containsKey(key(subject, entry.getKey())));
    if (missing.isEmpty()) {
      return;
    }
    missing.forEach((by, images) -> workshop.shown(subject, by, shown -> {
      ReviewTools tools = workshop.judging(shown.kept());
      summaries.put(key(subject, by), summary(workshop, shown, tools));
      HeadshotScores scores = scores(workshop, shown, tools);
      Optional<Authenticity> measure = authenticity(shown, tools);
      for (Images.Stored image : images) {
        RgbImage pixels = read(image);
        known.put(
            image.number(),
            new Checked(scores.score(pixels), measure.map(with -> with.judge(pixels))));
      }
      return null;
    }));
    studio.publish("checked-" + subject.id(), Map.of("type", "checked", "person", subject.id()));
  }

  /**
   * Returns the scores of an edited image, in the words of a report: {@code scores}, and
   * {@code sentences} about those beyond their limits.
   */
  Map<String, Object> judge(Subject subject, int number, RgbImage image) {
    Workshop workshop = studio.workshop();
    ShownBy by = Identities.ofImage(workshop, subject, number);
    return workshop.shown(subject, by, shown -> {
      ScoreCard card = scores(workshop, shown, workshop.judging(shown.kept())).score(image);
      return Map.of(
          "scores",
          card.scores().stream()
              .map(score -> Map.of(
                  "label", score.label(),
                  "value", score.valueText(),
                  "limit", score.limitText(),
                  "passed", score.isPassed()))
              .toList(),
          "sentences",
          card.failures().stream().map(ScoreCard.Score::reason).toList());
    });
  }

  private static String key(Subject subject, ShownBy by) {
    return subject.id() + "/" + by.word();
  }

  private static RgbImage read(Images.Stored image) {
    try {
      return RgbImage.read("the image", Files.readAllBytes(image.file()));
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
  }

  private static ShootSummary summary(Workshop workshop, Workshop.Shown shown, ReviewTools tools) {
    ShootSummary.Evidence evidence = judge(tools, shown.kept())
        .map(ShootSummary.Evidence.NONE::judge)
        .orElse(ShootSummary.Evidence.NONE);
    return ShootSummary.of(workshop.base(), shown.identity(), shown.kept(), evidence);
  }

  private static Optional<FaceEmbedder> judge(ReviewTools tools, PersonRecord kept) {
    return tools
        .embedder()
        .filter(eye ->
            kept.faces().filter(faces -> faces.embedder().equals(eye.name())).isPresent());
  }

  private static HeadshotScores scores(Workshop workshop, Workshop.Shown shown, ReviewTools tools) {
    HeadshotScores plain =
        HeadshotScores.of(tools.detector()).limits(ScoreLimits.of(workshop.base()));
    Identity person = shown.identity();
    return judge(tools, shown.kept())
        .flatMap(eye -> shown.kept().faces().map(faces -> faces.likeness(tools.detector(), eye)))
        .map(measure -> plain.likeness(measure, person))
        .orElse(plain);
  }

  private static Optional<Authenticity> authenticity(Workshop.Shown shown, ReviewTools tools) {
    Optional<FaceEmbedder> judge =
        judge(tools, shown.kept()).filter(eye -> FaceEmbeddings.canJudge(eye, shown.identity()));
    return Authenticity.of(
        shown.kept(), judge.map(tools::withEmbedder).orElseGet(tools::withoutEmbedder));
  }

  /**
   * Returns the likeness of all headshots of a person: {@code state} is none, unmeasured,
   * measuring, unknown (nothing can measure it) or measured, which has the number, the best value,
   * and the limit and how many images are within it, if there is a limit. Measures nothing.
   */
  Map<String, Object> likeness(Subject subject) {
    List<Images.Stored> images = Images.of(subject);
    Map<Integer, Checked> known = checked.getOrDefault(subject.id(), Map.of());
    if (images.isEmpty()) {
      return Map.of("state", "none");
    }
    if (!images.stream().allMatch(image -> known.containsKey(image.number()))) {
      boolean isBusy = waiting.contains(subject.id()) || checking.contains(subject.id());
      return Map.of("state", isBusy ? "measuring" : "unmeasured");
    }
    List<ScoreCard.Score> scores = images.stream()
        .flatMap(image -> known.get(image.number()).card().of(ScoreAspect.LIKENESS).stream())
        .toList();
    if (scores.isEmpty()) {
      return Map.of("state", "unknown");
    }
    Map<String, Object> likeness = new LinkedHashMap<>();
    likeness.put("state", "measured");
    likeness.put("images", scores.size());
    scores.stream()
        .mapToDouble(ScoreCard.Score::value)
        .filter(Double::isFinite)
        .max()
        .ifPresent(best -> likeness.put("best", Math.round(100 * best) / 100.0));
    if (scores.get(0).hasLimit()) {
      likeness.put("limit", Math.round(100 * scores.get(0).threshold()) / 100.0);
      likeness.put("within", scores.stream().filter(ScoreCard.Score::isPassed).count());
    }
    return likeness;
  }

  /**
   * Returns the content of the report of the images of a shoot; without scores until all are
   * checked.
   */
  Map<String, Object> report(
      Subject subject, List<Images.Stored> images, Map<String, Object> plan) {
    boolean isChecked = isChecked(subject, images, plan);
    boolean isCheckable = !studio.workshop().identities(subject).isEmpty();
    if (!isChecked && isCheckable) {
      request(subject);
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("checkable", isCheckable);
    result.put("checked", isChecked);
    if (isChecked && !images.isEmpty()) {
      Map<String, Object> content = make(subject, images, plan).toMap();
      content.put("images", numbered((List<?>) content.get("images"), images));
      result.putAll(content);
    }
    return result;
  }

  private static List<Object> numbered(List<?> entries, List<Images.Stored> images) {
    List<Object> numbered = new ArrayList<>();
    for (Object entry : entries) {
      Map<String, Object> copy = new LinkedHashMap<>();
      ((Map<?, ?>) entry).forEach((key, value) -> copy.put((String) key, value));
      copy.put("number", images.get((Integer) copy.get("index")).number());
      numbered.add(copy);
    }
    return numbered;
  }

  /** Returns the page of the report of these images. */
  String reportPage(Subject subject, List<Images.Stored> images, Map<String, Object> plan) {
    if (!isChecked(subject, images, plan)) {
      request(subject);
      throw new IllegalStateException("the images are still being checked; try again soon");
    }
    return make(subject, images, plan).toHtml();
  }

  private Optional<ShootSummary> summary(Subject subject, Map<String, Object> plan) {
    Workshop workshop = studio.workshop();
    return workshop.identities(subject).isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(
            summaries.get(key(subject, Identities.kept(workshop, subject, plan))));
  }

  private boolean isChecked(Subject subject, List<Images.Stored> images, Map<String, Object> plan) {
    Map<Integer, Checked> known = checked.getOrDefault(subject.id(), Map.of());
    return summary(subject, plan).isPresent()
        && images.stream().allMatch(image -> known.containsKey(image.number()));
  }

  private ShootReport make(Subject subject, List<Images.Stored> images, Map<String, Object> plan) {
    Map<Integer, Checked> known = checked.getOrDefault(subject.id(), Map.of());
    List<Headshot> headshots = images.stream().map(Checks::headshot).toList();
    ShootRequest request = ShootRequest.of(headshots.get(0).style(), headshots.size());
    List<Checked> results =
        images.stream().map(image -> known.get(image.number())).toList();
    Recommendation recommendation = Recommendation.of(
        summary(subject, plan).orElseThrow(),
        new Shoot(request, headshots),
        results.stream().map(Checked::card).toList());
    List<Authenticity.Result> differences =
        results.stream().flatMap(result -> result.difference().stream()).toList();
    return ShootReport.of(recommendation)
        .marking(studio.disclosure())
        .differences(differences.size() == headshots.size() ? differences : List.of());
  }

  /** Reads a headshot, which was generated, not edited. */
  private static Headshot headshot(Images.Stored image) {
    Headshot read = Images.recorded(image.file(), image.number());
    return new Headshot(
        read.image(), read.style(), read.seed(), read.request(), read.identityStrength());
  }

  /** Forgets what was measured, because the person was trained again or erased. */
  void forget(Subject subject) {
    checked.remove(subject.id());
    summaries.keySet().removeIf(key -> key.startsWith(subject.id() + "/"));
  }
}
