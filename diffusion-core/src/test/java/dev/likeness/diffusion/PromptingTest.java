package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptingTest {
  private static final TextualInversion ADA = word("sks", 1);

  private static TextualInversion word(String token, float number) {
    return new TextualInversion(token, Map.of(2, new float[] {number, 0}));
  }

  @Test
  void takesAWordThatSeveralCarriersBringOnce() {
    ImageRequest ask = ImageRequest.of("sks")
        .word(ADA)
        .word(word("sks", 1))
        .word(word("SKS", 1))
        .word(word("toy", 2));
    assertEquals(List.of(ADA, word("toy", 2)), ask.prompts().words());
  }

  @Test
  void refusesTwoWordsOfOneTokenInAnyCase() {
    assertEquals(
        "two words with vectors of their own are called \"SKS\", and a prompt can name only one of them; call one otherwise"
            + " (TextualInversion.named), or learn its person with another token",
        assertThrows(
                IllegalArgumentException.class,
                () -> ImageRequest.of("sks").word(ADA).word(word("SKS", 2)))
            .getMessage());
    ImageRequest ask =
        ImageRequest.of("sks and bob").word(ADA).word(word("SKS", 2).named("bob"));
    assertEquals(
        List.of("sks", "bob"),
        ask.prompts().words().stream().map(TextualInversion::token).toList());
  }
}
