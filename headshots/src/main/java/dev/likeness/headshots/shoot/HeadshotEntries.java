package dev.likeness.headshots.shoot;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads and writes the objects of single headshots in records. */
final class HeadshotEntries {
  private static final String IDENTITY_STRENGTH = "identity_strength";
  // The key in records of earlier versions.
  private static final String FORMER_IDENTITY_STRENGTH = "likeness";
  // In records, this number of steps stands for the base's default.
  private static final int DEFAULT_STEPS = 0;
  // SMILE is missing: a smile is an expression.
  private static final List<Style.Part> PARTS =
      List.of(Style.Part.OUTFIT, Style.Part.EXPRESSION, Style.Part.LIGHT, Style.Part.BACKDROP);

  /** A record of a shoot, of a later shoot in a store, or of an edit. */
  private static final Pattern RECORD =
      Pattern.compile("record(-[0-9]+)?[.]json|" + Pattern.quote(HeadshotEdit.Result.FILE));

  private HeadshotEntries() {}

  /** Finds the headshot in a record beside its file, of a shoot or of an edit. */
  static Optional<Headshot> find(Path file, RgbImage image) {
    return records(file).stream()
        .flatMap(record -> entries(record)
            .filter(shot -> matches(shot, file))
            .map(shot -> headshot(record, shot, image)))
        .findFirst();
  }

  /** The records beside a file: the first shoot, later shoots, then an edit. */
  private static List<Path> records(Path file) {
    try (Stream<Path> beside = Files.list(file.toAbsolutePath().getParent())) {
      return beside
          .filter(path -> RECORD.matcher(path.getFileName().toString()).matches())
          .filter(Files::isRegularFile)
          .sorted(Comparator.comparing(Path::toString).reversed())
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "cannot look for the record beside " + file + ": " + e.getMessage()
              + "; edit a copy of the image in another folder",
          e);
    }
  }

  private static Stream<Map<?, ?>> entries(Path record) {
    try {
      Map<String, Object> content =
          JSON.std.mapFrom(ModelFile.read(record, ModelFile.LARGEST_CONFIG));
      if (content == null) {
        return Stream.empty();
      }
      List<?> headshots = content.get("headshots") instanceof List<?> list ? list : List.of();
      return Stream.concat(headshots.stream(), Stream.ofNullable(content.get("after")))
          .<Map<?, ?>>map(shot -> shot instanceof Map<?, ?> map ? map : Map.of());
    } catch (IOException e) {
      throw unreadable(record, e);
    }
  }

  /** Returns true if the object describes this file, or the same image in another file format. */
  private static boolean matches(Map<?, ?> shot, Path file) {
    return shot.get("file") instanceof String name
        && stem(name).equals(stem(file.getFileName().toString()))
        && shot.get("prompt") instanceof String;
  }

  private static String stem(String name) {
    return name.replaceFirst("\\.[^.]*$", "");
  }

  private static Headshot headshot(Path record, Map<?, ?> shot, RgbImage image) {
    try {
      ImageRequest plain = ImageRequest.of(text(shot, "prompt"))
          .seed(number(shot, "seed", 0).longValue())
          .size(image.width(), image.height());
      int steps = number(shot, "steps", ShootRequest.STEPS).intValue();
      ImageRequest stepped = steps == DEFAULT_STEPS ? plain : plain.steps(steps);
      String negative = text(shot, "negative");
      ImageRequest prompted = negative.isEmpty() ? stepped : stepped.negative(negative);
      ImageRequest request = shot.get("guidance") instanceof Number scale
          ? prompted.guidance(scale.doubleValue())
          : prompted;
      return new Headshot(
          image,
          style(shot),
          request.seed(),
          request,
          number(shot, IDENTITY_STRENGTH, number(shot, FORMER_IDENTITY_STRENGTH, 1))
              .doubleValue(),
          true);
    } catch (IllegalArgumentException e) {
      throw unreadable(record, e);
    }
  }

  /**
   * The recorded style. For an application's own style, it has the words that the headshot was
   * generated with.
   */
  private static Style style(Map<?, ?> shot) {
    Style usual = Style.defaults().get(0);
    String name = text(shot, "style");
    Style known = Style.all().stream()
        .filter(style -> style.name().equals(name))
        .findFirst()
        .orElse(usual);
    Map<Style.Part, String> words = new EnumMap<>(Style.Part.class);
    if (shot.get("words") instanceof Map<?, ?> recorded) {
      PARTS.stream()
          .filter(part -> !text(recorded, part.label()).isBlank())
          .forEach(part -> words.put(part, text(recorded, part.label())));
    }
    return known
        .withWords(words)
        .withName(
            name.isBlank() ? usual.name() : name,
            shot.get("monochrome") instanceof Boolean grey ? grey : known.isMonochrome());
  }

  private static String text(Map<?, ?> shot, String name) {
    return shot.get(name) instanceof String text ? text : "";
  }

  private static Number number(Map<?, ?> shot, String name, Number otherwise) {
    return shot.get(name) instanceof Number number ? number : otherwise;
  }

  private static InvalidInputException unreadable(Path record, Exception e) {
    return new InvalidInputException(
        "cannot read " + record + ": " + Quoted.reason(e)
            + "; edit a copy of the image in another folder",
        e);
  }

  static Map<String, Object> entry(Headshot headshot, String file) {
    ImageRequest request = headshot.request();
    Map<String, Object> words = new LinkedHashMap<>();
    PARTS.forEach(part -> part.findIn(request.prompt(), headshot.style())
        .ifPresent(text -> words.put(part.label(), text)));
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", file);
    object.put("style", headshot.style().name());
    object.put("monochrome", headshot.style().isMonochrome());
    object.put("seed", headshot.seed());
    object.put("prompt", request.prompt());
    object.put("words", words);
    object.put("negative", request.negative());
    object.put("steps", request.steps().orElse(DEFAULT_STEPS));
    object.put("guidance", request.guidance().stream().boxed().findFirst().orElse(null));
    object.put("width", headshot.image().width());
    object.put("height", headshot.image().height());
    object.put("generated_width", request.width().orElse(headshot.image().width()));
    object.put("generated_height", request.height().orElse(headshot.image().height()));
    object.put("enlarged", Math.round(100 * headshot.enlargement()) / 100.0);
    object.put(IDENTITY_STRENGTH, headshot.identityStrength());
    return object;
  }
}
