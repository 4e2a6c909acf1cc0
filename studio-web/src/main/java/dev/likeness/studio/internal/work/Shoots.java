package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectErasedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Generates headshots, one image in a job. So two people's shoots take turns, and a shoot that a
 * stopped process left goes on with the next image: image i of a shoot is the same in any process.
 */
public final class Shoots {
  /** The largest number of images of a shoot. */
  public static final int MAX_IMAGES = 200;

  private static final int MAX_STEPS = 150;
  private static final int MAX_WORDS = 200;
  /** Previews of an image: decoding takes a part of a step. */
  private static final int PREVIEWS = 10;

  private static final String PREFIX = "studio-shoot-";
  private static final String STATE = "state";

  private final Studio studio;
  private final Map<String, Live> running = new ConcurrentHashMap<>();

  Shoots(Studio studio) {
    this.studio = studio;
  }

  /** What a shoot asks for; without steps, those that the base needs. */
  public record Order(
      List<String> styles,
      int count,
      double strength,
      OptionalInt steps,
      String outfit,
      String backdrop,
      String identity,
      String pose,
      Map<String, Double> keypoints) {}

  /** A shoot in this process. */
  private static final class Live extends LiveJob {
    final Map<String, Object> plan;
    volatile boolean isPaused;
    volatile int done;
    volatile int row;
    volatile RgbImage preview;

    Live(Map<String, Object> plan) {
      this.plan = plan;
    }
  }

  /** Returns the built-in styles that the base can serve. */
  public List<Map<String, Object>> styles() {
    List<Map<String, Object>> styles = new ArrayList<>();
    List<Style> all = Style.all();
    for (Style style : all) {
      try {
        style.requireCompatible(studio.workshop().base());
      } catch (InvalidInputException otherBase) {
        continue;
      }
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", style.name());
      one.put("title", style.title());
      // The place in the sheet of thumbnails, which tools/style_thumbnails.jsh makes.
      one.put("thumbnail", all.indexOf(style));
      one.put("outfits", style.wardrobe());
      one.put("backdrops", style.backdrops());
      one.put("crop", style.crop());
      one.put("default", Style.defaults().contains(style));
      styles.add(one);
    }
    return styles;
  }

  /** Reads the pose of the largest face of a photo, which is not kept. */
  public Map<String, Object> readPose(byte[] photo) {
    return ShootPose.read(photo, studio.access());
  }

  /** Starts a shoot and returns its id. */
  public Map<String, Object> start(String person, Order order) {
    Subject subject = studio.people().subject(person);
    ShownBy identity = Identities.require(studio.workshop(), subject, order.identity);
    int steps = order.steps.orElse(
        ShootRequest.of(Style.all().get(0), 1).forBase(studio.workshop().base()).steps());
    if (order.styles.isEmpty()
        || order.count < 1
        || steps < 1
        || steps > MAX_STEPS
        || (long) order.styles.size() * order.count > MAX_IMAGES) {
      throw new IllegalArgumentException("a shoot needs at least one style, 1 to " + MAX_IMAGES
          + " images and 1 to " + MAX_STEPS + " steps");
    }
    if (order.outfit.length() > MAX_WORDS || order.backdrop.length() > MAX_WORDS) {
      throw new IllegalArgumentException(
          "outfit and backdrop may have at most " + MAX_WORDS + " characters each");
    }
    Optional<ShootPose> pose = ShootPose.of(order.pose, order.keypoints);
    if (pose.isPresent()) {
      studio.workshop().requirePose(subject, identity);
    }
    Map<String, Object> plan = new LinkedHashMap<>();
    plan.put("id", randomId());
    plan.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    plan.put("styles", order.styles);
    plan.put("count", order.count);
    plan.put("strength", order.strength);
    plan.put("steps", steps);
    plan.put("outfit", order.outfit.strip());
    plan.put("backdrop", order.backdrop.strip());
    plan.put("identity", identity.word());
    pose.ifPresent(one -> one.put(plan));
    // Leaves room for the seeds of all images.
    plan.put("seed", (long) new SecureRandom().nextInt(Integer.MAX_VALUE) * MAX_IMAGES);
    requests(plan).forEach(studio.workshop().studio()::validate);
    submit(subject, plan);
    return describe(subject, plan);
  }

  /** Returns the title of a style, as reports show it; a style of another program has its name. */
  private static String title(String style) {
    return Style.all().stream()
        .filter(known -> known.name().equals(style))
        .map(Style::title)
        .findFirst()
        .orElse(style);
  }

  private static String randomId() {
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /** Returns the requests of a plan, one for each image. */
  private List<ShootRequest> requests(Map<String, Object> plan) {
    List<ShootRequest> requests = new ArrayList<>();
    int count = number(plan, "count").intValue();
    long seed = number(plan, "seed").longValue();
    for (Object name : (List<?>) plan.get("styles")) {
      Style style = styled(Style.named(String.valueOf(name)), plan);
      for (int i = 0; i < count; i++) {
        requests.add(ShootRequest.of(style, 1)
            .forBase(studio.workshop().base())
            .identityStrength(number(plan, "strength").doubleValue())
            .steps(number(plan, "steps").intValue())
            .seed(seed + requests.size())
            .variant(i));
      }
    }
    return requests;
  }

  private static Number number(Map<String, Object> plan, String name) {
    return (Number) plan.get(name);
  }

  /** Returns the style with the words of the plan in place of its own. */
  private static Style styled(Style style, Map<String, Object> plan) {
    String outfit = String.valueOf(plan.get("outfit"));
    String backdrop = String.valueOf(plan.get("backdrop"));
    return new Style(
        style.name(),
        style.title(),
        style.opening(),
        outfit.isEmpty() ? style.wardrobe() : List.of(outfit),
        style.expressions(),
        style.lights(),
        backdrop.isEmpty() ? style.backdrops() : List.of(backdrop),
        style.lens(),
        style.negative(),
        style.guidance(),
        style.crop(),
        style.bases(),
        style.isMonochrome());
  }

  private void submit(Subject subject, Map<String, Object> plan) {
    Live live = new Live(plan);
    if (running.putIfAbsent(key(subject, plan), live) != null) {
      throw new IllegalStateException("this shoot is already running");
    }
    try {
      plan.put(STATE, "queued");
      plan.remove("message");
      save(subject, plan);
      next(subject, live);
    } catch (RuntimeException e) {
      running.remove(key(subject, plan), live);
      throw e;
    }
    publish(subject, live);
  }

  private static String key(Subject subject, Map<String, Object> plan) {
    return subject.id() + "/" + plan.get("id");
  }

  private static void save(Subject subject, Map<String, Object> plan) {
    JobFile.write(subject, DataCategory.IMAGES, PREFIX + plan.get("id") + ".json", plan);
  }

  /** Submits the next image that is not stored, or ends the shoot. */
  private void next(Subject subject, Live live) {
    List<ShootRequest> all = requests(live.plan);
    List<Images.Stored> stored = images(subject, live.plan);
    live.done = stored.size();
    Optional<ShootRequest> missing = all.stream()
        .filter(ask -> stored.stream().noneMatch(image -> image.seed() == ask.seed()))
        .findFirst();
    if (missing.isEmpty()) {
      finish(subject, live, "done", "");
      return;
    }
    Workshop workshop = studio.workshop();
    live.begin(live.steps());
    live.preview = null;
    HeadshotStudio watched = watched(workshop, subject, live);
    ShownBy identity = Identities.kept(workshop, subject, live.plan);
    GenerationJob<?> job = workshop
        .queue()
        .submit(
            run -> workshop.subjects(
                watched,
                subject,
                identity,
                identity.hasAdapter() ? ShootPose.of(live.plan) : Optional.empty(),
                shown -> shown.shoot(subject, missing.get(), run)),
            workshop.studio().memoryBytes(missing.get()) + workshop.memory(subject, identity),
            GenerationQueue.DEFAULT_PRIORITY,
            event -> onEvent(subject, live, event),
            Duration.ZERO);
    live.job = job;
    job.toCompletableFuture().whenComplete((done, failure) -> ended(subject, live, failure));
  }

  private HeadshotStudio watched(Workshop workshop, Subject subject, Live live) {
    int every = Math.max(1, number(live.plan, "steps").intValue() / PREVIEWS);
    return workshop
        .previews()
        .map(decoder -> workshop.studio().previews(decoder, every, (row, images) -> {
          live.preview = images.get(0);
          live.row = row;
          publish(subject, live);
        }))
        .orElse(workshop.studio());
  }

  /** Returns the newest preview of the image that a running shoot generates. */
  public byte[] preview(String person, String shoot) {
    Live live = running.get(studio.people().subject(person).id() + "/" + shoot);
    RgbImage image = live == null ? null : live.preview;
    if (image == null) {
      throw new UnknownResourceException("there is no preview of this shoot now");
    }
    return image.toPng();
  }

  private void onEvent(Subject subject, Live live, ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step) {
      live.at(step);
      publish(subject, live);
    }
  }

  private void ended(Subject subject, Live live, Throwable failure) {
    Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    try {
      if (cause == null && live.isPaused) {
        finish(subject, live, "paused", "");
      } else if (cause == null) {
        studio.checks().request(subject);
        next(subject, live);
        publish(subject, live);
      } else if (cause instanceof CancelledException || cause instanceof CancellationException) {
        // Work that the end of the process stops stays queued, and goes on with the next one.
        running.remove(key(subject, live.plan), live);
        if (live.isPaused) {
          finish(subject, live, "paused", "");
        }
      } else if (cause instanceof SubjectErasedException) {
        running.remove(key(subject, live.plan), live);
      } else {
        finish(subject, live, "failed", studio.message(cause));
      }
    } catch (SubjectErasedException gone) {
      running.remove(key(subject, live.plan), live);
    } catch (RuntimeException e) {
      // The queue is full or closed; the shoot stays in the store and can be continued.
      running.remove(key(subject, live.plan), live);
    }
  }

  private void finish(Subject subject, Live live, String state, String message) {
    running.remove(key(subject, live.plan), live);
    live.plan.put(STATE, state);
    if (!message.isEmpty()) {
      live.plan.put("message", message);
    }
    save(subject, live.plan);
    studio.checks().request(subject);
    publish(subject, live);
  }

  private void publish(Subject subject, Live live) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("type", "shoot");
    event.put("person", subject.id());
    event.put("shoot", live.plan.get("id"));
    event.put("done", live.done);
    live.putSteps(event);
    event.put(STATE, live.plan.get(STATE));
    if (live.preview != null) {
      event.put("preview", live.row);
    }
    studio.publish("shoot-" + key(subject, live.plan), event);
  }

  /** Pauses a shoot; finished images stay. */
  public void pause(String person, String shoot) {
    Subject subject = studio.people().subject(person);
    Live live = running.get(subject.id() + "/" + shoot);
    if (live == null || live.job == null) {
      throw new IllegalStateException("this shoot is not running");
    }
    live.isPaused = true;
    live.job.cancel();
  }

  /** Continues a paused or failed shoot with the next image. */
  public void resume(String person, String shoot) {
    Subject subject = studio.people().subject(person);
    submit(subject, plan(subject, shoot));
  }

  /** Continues the shoots that a stopped process left. */
  void recover(Subject subject) {
    plans(subject).stream()
        .filter(plan -> "queued".equals(plan.get(STATE)))
        .forEach(plan -> submit(subject, plan));
  }

  private static List<Map<String, Object>> plans(Subject subject) {
    return JobFile.readAll(
            subject, DataCategory.IMAGES, Pattern.quote(PREFIX) + "[0-9a-f]{16}\\.json")
        .values()
        .stream()
        .sorted(
            Comparator.comparing((Map<String, Object> plan) -> String.valueOf(plan.get("created")))
                .reversed())
        .toList();
  }

  private static Map<String, Object> plan(Subject subject, String shoot) {
    return JobFile.read(subject, DataCategory.IMAGES, PREFIX + shoot + ".json")
        .orElseThrow(() -> new UnknownResourceException("this person has no such shoot"));
  }

  /** Returns a person's shoots, the newest first. */
  public List<Map<String, Object>> list(String person) {
    Subject subject = studio.people().subject(person);
    return plans(subject).stream().map(plan -> describe(subject, plan)).toList();
  }

  private Map<String, Object> describe(Subject subject, Map<String, Object> plan) {
    Map<String, Object> shoot = new LinkedHashMap<>(plan);
    Map<Integer, String> choices = Images.choices(subject);
    shoot.put(
        "total", ((List<?>) plan.get("styles")).size() * number(plan, "count").intValue());
    shoot.put(
        "images",
        images(subject, plan).stream()
            .map(image -> Map.of(
                "number",
                image.number(),
                "style",
                title(image.style()),
                "edits",
                Edits.count(subject, image.number()),
                "choice",
                choices.getOrDefault(image.number(), "none")))
            .toList());
    Live live = running.get(key(subject, plan));
    if (live != null) {
      shoot.put(STATE, live.state());
      shoot.put("step", live.step());
      shoot.put("image_steps", live.steps());
    } else if (plan.get(STATE) instanceof String state) {
      shoot.put(STATE, LiveJob.storedState(state));
    }
    return shoot;
  }

  /** Returns the report of a shoot: what the page shows, and what the saved report says. */
  public Map<String, Object> report(String person, String shoot) {
    Subject subject = studio.people().subject(person);
    Map<String, Object> plan = plan(subject, shoot);
    Map<String, Object> result = new LinkedHashMap<>(describe(subject, plan));
    result.put("report", studio.checks().report(subject, images(subject, plan), plan));
    return result;
  }

  /** Returns the report of a shoot as a page that can be saved. */
  public String reportPage(String person, String shoot) {
    Subject subject = studio.people().subject(person);
    Map<String, Object> plan = plan(subject, shoot);
    return studio.checks().reportPage(subject, images(subject, plan), plan);
  }

  /** Returns the plans of the shoots that made the images, by the numbers of the images. */
  static Map<Integer, Map<String, Object>> plansByImage(Subject subject) {
    Map<Integer, Map<String, Object>> made = new LinkedHashMap<>();
    for (Map<String, Object> plan : plans(subject)) {
      images(subject, plan).forEach(image -> made.put(image.number(), plan));
    }
    return made;
  }

  /** Returns the stored images of a plan, by number. */
  private static List<Images.Stored> images(Subject subject, Map<String, Object> plan) {
    long seed = number(plan, "seed").longValue();
    long end =
        seed + ((List<?>) plan.get("styles")).size() * number(plan, "count").longValue();
    return Images.of(subject).stream()
        .filter(image -> image.seed() >= seed && image.seed() < end)
        .toList();
  }

  boolean isBusy(Subject subject) {
    return running.keySet().stream().anyMatch(key -> key.startsWith(subject.id() + "/"));
  }

  void forget(Subject subject) {
    running.forEach((key, live) -> {
      if (key.startsWith(subject.id() + "/")) {
        live.isPaused = true;
      }
    });
  }
}
