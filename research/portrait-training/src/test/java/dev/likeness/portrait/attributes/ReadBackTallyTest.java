package dev.likeness.portrait.attributes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Attribute;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadBackTallyTest {
  private static final RgbImage ANY = RgbImage.of(1, 1, new byte[3]);

  @Test
  void countsOnlyWhatWasAskedFor() {
    ReadBackTally tally = new ReadBackTally(image -> Map.of(
        Attribute.SEX,
        "woman",
        Attribute.GLASSES,
        "round glasses",
        Attribute.OUTFIT,
        "hoodie",
        Attribute.BEARD,
        "a beard"));
    tally.add("studio portrait of a woman with glasses, wearing a navy blazer", ANY);
    tally.add("a man", ANY);
    assertEquals(1, tally.share(Attribute.GLASSES));
    assertEquals(0, tally.share(Attribute.OUTFIT));
    assertEquals(.5, tally.share(Attribute.SEX));
    assertEquals(2, tally.asked(Attribute.SEX));
    assertEquals(0, tally.asked(Attribute.BEARD));
    assertEquals(Double.NaN, tally.share(Attribute.BEARD));
    assertEquals(.5, tally.share(List.of(Attribute.GLASSES, Attribute.OUTFIT)));
    assertEquals(2 / 6.0, tally.share(), 1e-12);
  }
}
