package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.attributes.ReadBack;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.training.RandomPrompt;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How much of what prompts ask for is read back from drawn images, beside how much is read back
 * from renders of exactly that: drawings are read better only where they are plainer examples of
 * the word.
 */
final class PromptFollowing {
  private PromptFollowing() {}

  static Map<String, Object> measure(
      List<RandomPrompt> prompts, List<RgbImage> drawn, ReadBack reader) {
    ReadBackTally images = new ReadBackTally(reader);
    ReadBackTally renders = new ReadBackTally(reader);
    for (int i = 0; i < prompts.size(); i++) {
      images.add(prompts.get(i).text(), drawn.get(i));
      renders.add(prompts.get(i).text(), prompts.get(i).render());
    }
    Map<String, Object> found = new LinkedHashMap<>();
    for (Attribute attribute : Attribute.values()) {
      if (images.asked(attribute) > 0) {
        found.put(
            attribute.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            row(images.asked(attribute), images.share(attribute), renders.share(attribute)));
      }
    }
    found.put("overall", row(images.asked(), images.share(), renders.share()));
    return found;
  }

  private static Map<String, Object> row(int asked, double drawn, double rendered) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("asked", asked);
    row.put("drawn", drawn);
    row.put("rendered", rendered);
    return row;
  }
}
