package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptingTest {
  private static final TextualInversion ADA = textualInversion("sks", 1);

  private static TextualInversion textualInversion(String token, float number) {
    return new TextualInversion(token, Map.of(2, new float[] {number, 0}));
  }

  @Test
  void keepsATextualInversionOfSeveralAdaptersOnce() {
    ImageRequest request = ImageRequest.of("sks")
        .textualInversion(ADA)
        .textualInversion(textualInversion("sks", 1))
        .textualInversion(textualInversion("SKS", 1))
        .textualInversion(textualInversion("toy", 2));
    assertEquals(List.of(ADA, textualInversion("toy", 2)), request.prompts().textualInversions());
  }

  @Test
  void refusesTwoTextualInversionsOfOneTokenInAnyCase() {
    assertEquals(
        "two different textual inversions have the token \"SKS\"; give one of them another token:"
            + " rename it (TextualInversion.withToken), or train it again",
        assertThrows(
                IllegalArgumentException.class,
                () -> ImageRequest.of("sks")
                    .textualInversion(ADA)
                    .textualInversion(textualInversion("SKS", 2)))
            .getMessage());
    ImageRequest request = ImageRequest.of("sks and bob")
        .textualInversion(ADA)
        .textualInversion(textualInversion("SKS", 2).withToken("bob"));
    assertEquals(
        List.of("sks", "bob"),
        request.prompts().textualInversions().stream()
            .map(TextualInversion::token)
            .toList());
  }
}
