package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * How different images of one prompt are: the mean distance of two of them in the classifier's
 * features, over that of two renders of which the same prompt is true.
 */
final class Diversity {
  private static final List<String> PROMPTS = List.of(
      "studio portrait of a woman",
      "office headshot of an old man",
      "outdoor portrait of a young woman",
      "black and white portrait of a man");
  private static final long FIRST = 2_600_000_000L;
  private static final int SIDE = 256;

  private Diversity() {}

  static Map<String, Object> measure(Drawings drawings, int each, AttributeReader reader) {
    Map<String, Object> found = new LinkedHashMap<>();
    double sum = 0;
    for (String prompt : PROMPTS) {
      double drawn = spread(drawings.of(prompt, Collections.nCopies(each, prompt)), reader);
      double rendered = spread(renders(prompt, each), reader);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("drawn", drawn);
      row.put("rendered", rendered);
      row.put("ratio", drawn / rendered);
      found.put(prompt, row);
      sum += drawn / rendered;
    }
    found.put("overall", Map.of("ratio", sum / PROMPTS.size()));
    return found;
  }

  private static List<RgbImage> renders(String prompt, int count) {
    Map<Attribute, Set<String>> asked = Asked.of(prompt);
    List<RgbImage> renders = new ArrayList<>();
    for (long number = FIRST; renders.size() < count; number++) {
      Person person = Person.random(number);
      Shot shot = Shot.headshot(new Random(number * 0x9E3779B97F4A7C15L));
      if (asked.entrySet().stream()
          .allMatch(e -> e.getValue().contains(e.getKey().word(person, shot)))) {
        renders.add(Renderer.render(person, shot, SIDE).image());
      }
    }
    return renders;
  }

  /** The mean distance of two of these images in the classifier's features. */
  static double spread(List<RgbImage> images, AttributeReader reader) {
    return spread(images.stream().map(reader::features).toList());
  }

  /** The mean distance of two of these vectors, of which there are at least two. */
  static double spread(List<float[]> features) {
    double sum = 0;
    for (int i = 0; i < features.size(); i++) {
      for (int j = 0; j < i; j++) {
        sum += Distances.between(features.get(i), features.get(j));
      }
    }
    return sum / (features.size() * (features.size() - 1) / 2.0);
  }
}
