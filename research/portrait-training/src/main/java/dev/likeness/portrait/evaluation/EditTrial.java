package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.people.Asked;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What editing one person's headshots comes to: how often the words are seen afterwards that were
 * asked for, and were before, and what it costs of likeness.
 *
 * @param detector finds the faces, as an application's does
 * @param likeness of an image to the person by an outside judge, NaN where it finds nobody
 */
record EditTrial(
    HeadshotStudio studio,
    FaceDetector detector,
    AttributeReader reader,
    ToDoubleFunction<RgbImage> likeness) {
  // As many headshots as each part is asked for in words, one of them each.
  private static final int MOST = 4;
  private static final String SMILING = "smiling";
  private static final Map<Style.Part, List<String>> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put(
        Style.Part.OUTFIT,
        List.of("a navy suit and tie", "a red hoodie", "a white shirt", "a green turtleneck"));
    WORDS.put(
        Style.Part.BACKDROP,
        List.of("brick wall", "light blue background", "city street", "bookshelves"));
    WORDS.put(
        Style.Part.LIGHT,
        List.of("golden hour", "rembrandt lighting", "rim light", "window light"));
    WORDS.put(
        Style.Part.EXPRESSION, List.of("laughing", "serious", "surprised", "neutral expression"));
    WORDS.put(Style.Part.SMILE, List.of(SMILING));
  }

  private record Edited(RgbImage before, RgbImage after, String words) {}

  /**
   * Figures of each part over the first of these headshots, of a smile over those that were not
   * asked for one.
   */
  Map<String, Object> of(
      LoraPerson person, List<Headshot> kept, KeptDrawings drawings, String name) {
    Map<String, Object> row = new LinkedHashMap<>();
    WORDS.forEach((part, words) -> {
      String what = part.name().toLowerCase(Locale.ROOT);
      List<Headshot> shots = kept.stream()
          .filter(shot -> part != Style.Part.SMILE || !shot.request().prompt().contains(SMILING))
          .limit(MOST)
          .toList();
      if (shots.isEmpty()) {
        return;
      }
      List<Edited> edits = new ArrayList<>();
      for (Headshot shot : shots) {
        String text = words.get(edits.size() % words.size());
        String set = String.format(Locale.ROOT, "%s, %d in %s %s", name, shot.seed(), what, text);
        edits.add(new Edited(
            shot.image(),
            drawings
                .images(set, () -> List.of(drawn(person, shot, HeadshotEdit.of(part, text))))
                .get(0),
            text));
      }
      row.put(what + " read back", share(edits, Edited::after));
      row.put(what + " read back before", share(edits, Edited::before));
      lost(edits).ifPresent(lost -> row.put(what + ", likeness lost", lost));
    });
    return row;
  }

  private RgbImage drawn(LoraPerson person, Headshot shot, HeadshotEdit edit) {
    return studio
        .detector(detector)
        .edit(person, shot, edit, Run.silent())
        .after()
        .image();
  }

  private double share(List<Edited> edits, Function<Edited, RgbImage> which) {
    ReadBackTally tally = new ReadBackTally(reader);
    // Somebody who was asked to smile may laugh.
    edits.forEach(edit -> tally.add(
        Asked.of(edit.words.equals(SMILING) ? "smiling, laughing" : edit.words),
        reader.of(which.apply(edit))));
    return tally.share();
  }

  private OptionalDouble lost(List<Edited> edits) {
    return edits.stream()
        .mapToDouble(
            edit -> likeness.applyAsDouble(edit.before) - likeness.applyAsDouble(edit.after))
        .filter(lost -> !Double.isNaN(lost))
        .average();
  }
}
