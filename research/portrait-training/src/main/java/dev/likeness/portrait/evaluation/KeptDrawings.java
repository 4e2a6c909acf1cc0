package dev.likeness.portrait.evaluation;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * What was drawn of people, so that it is drawn once and chosen from and judged as often as one
 * likes.
 *
 * @param folder of a folder for each set of images
 * @param by the model and the numbers that drew them; what others drew is refused
 */
record KeptDrawings(Path folder, String by) {
  private static final String RECORD = "drawn.json";
  private static final String HELD = "held_likeness";

  /** The images of {@code set}, drawn now if they are not kept yet. */
  List<RgbImage> images(String set, Supplier<List<RgbImage>> drawing) {
    if (!isKept(set)) {
      List<RgbImage> drawn = drawing.get();
      keep(set, drawn, drawn.stream().map(image -> Map.<String, Object>of()).toList());
      return drawn;
    }
    return IntStream.range(0, entries(set).size())
        .mapToObj(i -> RgbImage.read(file(set, i)))
        .toList();
  }

  /** The headshots of {@code set} with their scores, drawn now if they are not kept yet. */
  List<SelectionResult.Candidate> candidates(
      String set, Supplier<List<SelectionResult.Candidate>> drawing) {
    if (!isKept(set)) {
      List<SelectionResult.Candidate> drawn = drawing.get();
      keep(
          set,
          drawn.stream().map(each -> each.headshot().image()).toList(),
          IntStream.range(0, drawn.size()).mapToObj(i -> entry(drawn.get(i), i)).toList());
      return drawn;
    }
    List<?> entries = entries(set);
    if (entries.stream().anyMatch(entry -> !((Map<?, ?>) entry).containsKey(HELD))) {
      throw new InvalidInputException(folder.resolve(set).resolve(RECORD)
          + " lacks what images are chosen by now; remove it to draw them anew");
    }
    return IntStream.range(0, entries.size())
        .mapToObj(i -> candidate((Map<?, ?>) entries.get(i), RgbImage.read(file(set, i))))
        .toList();
  }

  /** Writes images for somebody to look at. */
  void show(String set, List<RgbImage> images) {
    IntStream.range(0, images.size()).forEach(i -> images.get(i).writePng(file(set, i)));
  }

  private void keep(String set, List<RgbImage> images, List<Map<String, Object>> entries) {
    show(set, images);
    write(set, RECORD, Map.of("by", by, "pictures", entries));
  }

  /** Writes what is to be said of a set. */
  void write(String set, String file, Object record) {
    AtomicFile.write(
        folder.resolve(set).resolve(file),
        out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(record)));
  }

  private boolean isKept(String set) {
    return Files.exists(folder.resolve(set).resolve(RECORD));
  }

  private Path file(String set, int index) {
    return folder.resolve(set).resolve(Headshot.fileName(index));
  }

  private List<?> entries(String set) {
    Path record = folder.resolve(set).resolve(RECORD);
    try {
      Map<String, Object> kept = JSON.std.mapFrom(Files.readAllBytes(record));
      if (!by.equals(kept.get("by"))) {
        throw new InvalidInputException(record + " is of what " + kept.get("by") + " drew, not "
            + by + "; give an empty folder");
      }
      return (List<?>) kept.get("pictures");
    } catch (IOException e) {
      throw new InvalidInputException(
          record + " cannot be read: " + e.getMessage() + "; remove it to draw its images anew", e);
    }
  }

  private static Map<String, Object> entry(SelectionResult.Candidate candidate, int index) {
    Map<String, Object> entry =
        new LinkedHashMap<>(candidate.headshot().toMap(Headshot.fileName(index)));
    entry.put("obedience", candidate.promptAdherence());
    entry.put("repaired", candidate.hasRegeneratedFace());
    entry.put(HELD, candidate.guidanceLikeness());
    entry.put(
        "scores",
        candidate.card().scores().stream()
            .map(score -> Map.of(
                "aspect",
                score.aspect().name(),
                "value",
                score.value(),
                "threshold",
                score.threshold(),
                "passed",
                score.isPassed()))
            .toList());
    return entry;
  }

  private static SelectionResult.Candidate candidate(Map<?, ?> entry, RgbImage image) {
    Style style = Style.named((String) entry.get("style"));
    ImageRequest plain = ImageRequest.of((String) entry.get("prompt"))
        .steps((int) number(entry.get("steps")))
        .guidance(number(entry.get("guidance")))
        .seed((long) number(entry.get("seed")));
    String negative = (String) entry.get("negative");
    ImageRequest request = negative.isEmpty() ? plain : plain.negative(negative);
    List<ScoreCard.Score> scores = ((List<?>) entry.get("scores"))
        .stream().map(each -> score((Map<?, ?>) each)).toList();
    return new SelectionResult.Candidate(
        new Headshot(image, style, request.seed(), request, 1),
        new ScoreCard(scores),
        number(entry.get("obedience")),
        (Boolean) entry.get("repaired"),
        number(entry.get(HELD)));
  }

  private static ScoreCard.Score score(Map<?, ?> entry) {
    return new ScoreCard.Score(
        ScoreAspect.valueOf((String) entry.get("aspect")),
        number(entry.get("value")),
        number(entry.get("threshold")),
        (Boolean) entry.get("passed"));
  }

  // JSON has no NaN: what was not measured is written as a text.
  private static double number(Object written) {
    return Double.parseDouble(written.toString());
  }
}
