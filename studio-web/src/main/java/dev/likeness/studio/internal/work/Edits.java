package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectErasedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Edits headshots. Each edit makes a new version of an image from the newest one; the image as it
 * was generated is version 0 and stays. An edit that a stopped process left goes on with the next
 * one.
 */
public final class Edits {
  private static final String PREFIX = "studio-edit-";
  private static final String STATE = "state";
  private static final String PENDING = "pending";
  private static final String VERSIONS = "versions";
  private static final int MAX_VERSIONS = 50;
  private static final int MAX_WORDS = 200;
  // SMILE is missing: a smile is an expression.
  private static final List<Style.Part> PARTS =
      List.of(Style.Part.OUTFIT, Style.Part.BACKDROP, Style.Part.LIGHT, Style.Part.EXPRESSION);

  private final Studio studio;
  private final Map<String, Live> running = new ConcurrentHashMap<>();

  Edits(Studio studio) {
    this.studio = studio;
  }

  /**
   * What an edit asks for.
   *
   * @param words the new words for each part, by its label
   * @param mask a PNG file as large as the image, whose white region is generated, in base64; empty
   *     for the regions of the parts
   * @param maskWords words for the region of the mask
   * @param strength denoising strength; NaN for the default of each part
   */
  public record Order(Map<String, String> words, String mask, String maskWords, double strength) {}

  /** An edit in this process. */
  private static final class Live extends LiveJob {
    volatile boolean isStopped;
  }

  private static String file(int number) {
    return PREFIX + number + ".json";
  }

  private static String versionFile(int number, int version) {
    return String.format(Locale.ROOT, "edit-%03d-%03d.png", number, version);
  }

  private static String maskFile(int number) {
    return String.format(Locale.ROOT, "edit-%03d-mask.png", number);
  }

  private static String key(Subject subject, int number) {
    return subject.id() + "/" + number;
  }

  private static Map<String, Object> saved(Subject subject, int number) {
    return JobFile.read(subject, DataCategory.IMAGES, file(number)).orElseGet(LinkedHashMap::new);
  }

  private static List<Map<String, Object>> versions(Map<String, Object> saved) {
    List<Map<String, Object>> versions = new ArrayList<>();
    if (saved.get(VERSIONS) instanceof List<?> list) {
      for (Object one : list) {
        Map<String, Object> copy = new LinkedHashMap<>();
        ((Map<?, ?>) one).forEach((key, value) -> copy.put((String) key, value));
        versions.add(copy);
      }
    }
    return versions;
  }

  /** Returns the number of edits that made the newest version of an image. */
  static int count(Subject subject, int number) {
    return versions(saved(subject, number)).size();
  }

  /** Returns the file of a version of an image, from 1. */
  static Path versionPath(Subject subject, int number, int version) {
    Path file = subject.folder(DataCategory.IMAGES).resolve(versionFile(number, version));
    if (version > count(subject, number) || !Files.exists(file)) {
      throw new UnknownResourceException("image " + number + " has no version " + version);
    }
    return file;
  }

  /** Returns the versions of an image, the words for its parts, and the progress of an edit. */
  public Map<String, Object> describe(String person, int number) {
    Subject subject = studio.people().subject(person);
    Headshot newest = newest(subject, number);
    Map<String, Object> saved = saved(subject, number);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("width", newest.image().width());
    result.put("height", newest.image().height());
    result.put(VERSIONS, versions(saved));
    result.put("parts", PARTS.stream().map(part -> describe(part, newest)).toList());
    Live live = running.get(key(subject, number));
    String state = String.valueOf(saved.getOrDefault(STATE, "none"));
    if (live != null) {
      result.put(STATE, live.state());
      live.putSteps(result);
    } else {
      result.put(STATE, LiveJob.storedState(state));
    }
    if (saved.get("message") instanceof String message) {
      result.put("message", message);
    }
    return result;
  }

  private static Map<String, Object> describe(Style.Part part, Headshot newest) {
    Style style = newest.style();
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("part", part.label());
    described.put("strength", part.strength());
    part.findIn(newest.request().prompt(), style).ifPresent(now -> described.put("now", now));
    described.put(
        "choices",
        switch (part) {
          case OUTFIT -> style.wardrobe();
          case BACKDROP -> style.backdrops();
          case LIGHT -> style.lights();
          case EXPRESSION, SMILE -> style.expressions();
        });
    return described;
  }

  /** Returns the newest version of an image with the settings that made it. */
  private static Headshot newest(Subject subject, int number) {
    Headshot original = Images.recorded(Images.original(subject, number), number);
    List<Map<String, Object>> versions = versions(saved(subject, number));
    if (versions.isEmpty()) {
      return original;
    }
    Map<Style.Part, String> words = new EnumMap<>(Style.Part.class);
    versions.forEach(version -> words.putAll(words(version)));
    RgbImage image = RgbImage.read(versionPath(subject, number, versions.size()));
    String prompt = String.valueOf(versions.get(versions.size() - 1).get("prompt"));
    return new Headshot(
        image,
        original.style().withWords(words),
        original.seed(),
        original.request().prompt(prompt).size(image.width(), image.height()),
        original.identityStrength(),
        true);
  }

  private static Map<Style.Part, String> words(Map<String, Object> edit) {
    Map<Style.Part, String> words = new EnumMap<>(Style.Part.class);
    if (edit.get("words") instanceof Map<?, ?> given) {
      PARTS.stream()
          .filter(part -> given.containsKey(part.label()))
          .forEach(part -> words.put(part, String.valueOf(given.get(part.label()))));
    }
    return words;
  }

  /** Starts an edit of the newest version of an image. */
  public Map<String, Object> start(String person, int number, Order order) {
    Subject subject = studio.people().subject(person);
    if (!studio.workshop().isReady(subject)) {
      throw new IllegalStateException("this person has not been trained; train first");
    }
    Map<String, String> words = new LinkedHashMap<>();
    order.words.forEach((part, text) -> {
      if (text.length() > MAX_WORDS) {
        throw new IllegalArgumentException(
            "the words for " + part + " may have at most " + MAX_WORDS + " characters");
      }
      if (!text.isBlank()) {
        words.put(part, text.strip());
      }
    });
    if (order.maskWords.length() > MAX_WORDS) {
      throw new IllegalArgumentException(
          "the words for the painted region may have at most " + MAX_WORDS + " characters");
    }
    Headshot newest = newest(subject, number);
    Map<String, Object> saved = saved(subject, number);
    if (versions(saved).size() >= MAX_VERSIONS) {
      throw new IllegalStateException(
          "this image has " + MAX_VERSIONS + " versions, which is the limit; take some back");
    }
    Map<String, Object> edit = new LinkedHashMap<>();
    edit.put("words", words);
    edit.put("mask_words", order.maskWords.strip());
    edit.put("seed", (long) new SecureRandom().nextInt(Integer.MAX_VALUE));
    if (!Double.isNaN(order.strength)) {
      edit.put("strength", order.strength);
    }
    Optional<RgbImage> mask = mask(order.mask, newest.image());
    edit.put("mask", mask.isPresent());
    if (running.containsKey(key(subject, number))) {
      throw new IllegalStateException("this image is already being edited; wait or cancel");
    }
    // Refuses an edit that changes nothing or has another strength.
    edit(edit, mask);
    mask.ifPresent(image -> {
      byte[] png = image.toPng();
      AtomicFile.writePrivate(
          subject.folder(DataCategory.IMAGES).resolve(maskFile(number)), out -> out.write(png));
    });
    submit(subject, number, edit);
    return describe(person, number);
  }

  private static Optional<RgbImage> mask(String base64, RgbImage image) {
    if (base64.isEmpty()) {
      return Optional.empty();
    }
    byte[] file;
    try {
      file = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the mask is not a PNG file in base64", e);
    }
    RgbImage mask = new PhotoDecoder(Photos.LIMITS).decode("the mask", file).image();
    if (mask.width() != image.width() || mask.height() != image.height()) {
      throw new InvalidInputException("the mask has " + mask.width() + "x" + mask.height()
          + " pixels and the image " + image.width() + "x" + image.height()
          + "; send a mask of the image's size");
    }
    return Optional.of(mask);
  }

  private static HeadshotEdit edit(Map<String, Object> edit, Optional<RgbImage> mask) {
    Map<Style.Part, String> words = words(edit);
    OptionalDouble strength = edit.get("strength") instanceof Number share
        ? OptionalDouble.of(share.doubleValue())
        : OptionalDouble.empty();
    long seed = ((Number) edit.get("seed")).longValue();
    HeadshotEdit plain = mask.map(
            image -> HeadshotEdit.inMask(image, String.valueOf(edit.get("mask_words"))))
        .orElse(null);
    for (Map.Entry<Style.Part, String> one : words.entrySet()) {
      plain = plain == null
          ? HeadshotEdit.of(one.getKey(), one.getValue())
          : plain.with(one.getKey(), one.getValue());
    }
    if (plain == null) {
      throw new IllegalArgumentException(
          "this edit changes nothing; give words for a part, or paint a region");
    }
    HeadshotEdit seeded = plain.seed(seed);
    return strength.isPresent() ? seeded.strength(strength.getAsDouble()) : seeded;
  }

  private void submit(Subject subject, int number, Map<String, Object> edit) {
    Workshop workshop = studio.workshop();
    Live live = new Live();
    if (running.putIfAbsent(key(subject, number), live) != null) {
      throw new IllegalStateException("this image is already being edited; wait or cancel");
    }
    try {
      save(subject, number, versions(saved(subject, number)), Optional.of(edit), "queued", "");
      ShootRequest like = ShootRequest.of(Style.defaults().get(0), 1);
      ShownBy identity = Identities.ofImage(workshop, subject, number);
      GenerationJob<?> job = workshop
          .queue()
          .submit(
              run -> {
                Headshot before = newest(subject, number);
                Optional<RgbImage> mask = Boolean.TRUE.equals(edit.get("mask"))
                    ? Optional.of(RgbImage.read(
                        subject.folder(DataCategory.IMAGES).resolve(maskFile(number))))
                    : Optional.empty();
                HeadshotEdit.Result result = workshop.subjects(
                    workshop.studio(),
                    subject,
                    identity,
                    shown -> shown.edit(subject, before, edit(edit, mask), run));
                return store(subject, number, edit, result);
              },
              workshop.studio().memoryBytes(like) + workshop.memory(subject, identity),
              GenerationQueue.DEFAULT_PRIORITY,
              event -> onEvent(subject, number, live, event),
              Duration.ZERO);
      live.job = job;
      job.toCompletableFuture()
          .whenComplete((done, failure) -> ended(subject, number, live, edit, failure));
    } catch (RuntimeException e) {
      running.remove(key(subject, number), live);
      throw e;
    }
    publish(subject, number, live);
  }

  /** Stores the new version: first the image, then the list that names it. */
  private Void store(
      Subject subject, int number, Map<String, Object> edit, HeadshotEdit.Result result) {
    List<Map<String, Object>> versions = versions(saved(subject, number));
    Path folder = subject.folder(DataCategory.IMAGES);
    Path file = folder.resolve(versionFile(number, versions.size() + 1));
    result.after().write(file, studio.disclosure());
    Map<String, Object> version = new LinkedHashMap<>(edit);
    version.put("prompt", result.after().request().prompt());
    version.put("changed_share", Math.round(1000 * result.changedShare()) / 1000.0);
    version.putAll(
        studio.checks().judge(subject, number, result.after().marked(studio.disclosure())));
    versions.add(version);
    save(subject, number, versions, Optional.empty(), "none", "");
    JobFile.delete(subject, DataCategory.IMAGES, maskFile(number));
    return null;
  }

  private static void save(
      Subject subject,
      int number,
      List<Map<String, Object>> versions,
      Optional<Map<String, Object>> pending,
      String state,
      String message) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put(VERSIONS, versions);
    pending.ifPresent(edit -> content.put(PENDING, edit));
    content.put(STATE, state);
    if (!message.isEmpty()) {
      content.put("message", message);
    }
    JobFile.write(subject, DataCategory.IMAGES, file(number), content);
  }

  private void onEvent(Subject subject, int number, Live live, ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step) {
      live.at(step);
      publish(subject, number, live);
    }
  }

  private void ended(
      Subject subject, int number, Live live, Map<String, Object> edit, Throwable failure) {
    running.remove(key(subject, number), live);
    Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
    try {
      if (cause instanceof SubjectErasedException) {
        return;
      }
      boolean isStopped =
          cause instanceof CancelledException || cause instanceof CancellationException;
      if (isStopped && live.isStopped) {
        save(subject, number, versions(saved(subject, number)), Optional.of(edit), "paused", "");
      } else if (cause != null && !isStopped) {
        save(
            subject,
            number,
            versions(saved(subject, number)),
            Optional.of(edit),
            "failed",
            studio.message(cause));
      }
      // Work that the end of the process stops stays queued, and goes on with the next one.
    } catch (SubjectErasedException | IllegalStateException gone) {
      // The person was erased or the store was closed; there is nothing to record.
      return;
    }
    publish(subject, number, live);
  }

  private void publish(Subject subject, int number, Live live) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("type", "edit");
    event.put("person", subject.id());
    event.put("image", number);
    live.putSteps(event);
    event.put(STATE, running.get(key(subject, number)) == live ? "running" : "ended");
    studio.publish("edit-" + key(subject, number), event);
  }

  /** Stops an edit; it can be continued. */
  public void pause(String person, int number) {
    Live live = running.get(key(studio.people().subject(person), number));
    if (live == null || live.job == null) {
      throw new IllegalStateException("this image is not being edited");
    }
    live.isStopped = true;
    live.job.cancel();
  }

  /** Continues a stopped or failed edit. */
  public void resume(String person, int number) {
    Subject subject = studio.people().subject(person);
    submit(
        subject,
        number,
        pending(saved(subject, number))
            .orElseThrow(() -> new IllegalStateException("no edit of this image was stopped")));
  }

  private static Optional<Map<String, Object>> pending(Map<String, Object> saved) {
    return saved.get(PENDING) instanceof Map<?, ?> edit
        ? Optional.of(versions(Map.of(VERSIONS, List.of(edit))).get(0))
        : Optional.empty();
  }

  /** Takes the newest version of an image back, or an edit that was stopped or failed. */
  public void undo(String person, int number) {
    Subject subject = studio.people().subject(person);
    Images.original(subject, number);
    if (running.containsKey(key(subject, number))) {
      throw new IllegalStateException("this image is being edited; wait or cancel");
    }
    Map<String, Object> saved = saved(subject, number);
    List<Map<String, Object>> versions = versions(saved);
    if (pending(saved).isPresent()) {
      save(subject, number, versions, Optional.empty(), "none", "");
      return;
    }
    if (versions.isEmpty()) {
      throw new IllegalStateException("this image was not edited");
    }
    int newest = versions.size();
    versions.remove(newest - 1);
    save(subject, number, versions, Optional.empty(), "none", "");
    JobFile.delete(subject, DataCategory.IMAGES, versionFile(number, newest));
  }

  /** Continues the edits that a stopped process left. */
  void recover(Subject subject) {
    JobFile.readAll(subject, DataCategory.IMAGES, PREFIX + "[0-9]{1,6}\\.json")
        .forEach((name, saved) -> {
          if ("queued".equals(saved.get(STATE))) {
            int number =
                Integer.parseInt(name.substring(PREFIX.length(), name.length() - ".json".length()));
            pending(saved).ifPresent(edit -> submit(subject, number, edit));
          }
        });
  }

  boolean isBusy(Subject subject) {
    return running.keySet().stream().anyMatch(key -> key.startsWith(subject.id() + "/"));
  }
}
