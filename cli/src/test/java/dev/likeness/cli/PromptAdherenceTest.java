package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.PromptAdherence;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class PromptAdherenceTest {
  @TempDir
  private Path folder;

  @Test
  void isTheProbabilityOfThePromptWordsByTheCaptioner() throws IOException {
    Path files = TinyBase.in(folder);
    ConfidentCaptioner.write(files, "outfit", "a # shirt", "outfit colour", "navy");
    try (BaseModel base = BaseModel.open(files, Compute.best());
        PromptAdherence obedience = HeadshotStudio.on(base).promptAdherence()) {
      assertEquals(
          1,
          obedience.measure(
              headshotOf("studio", "portrait of a woman, wearing a Navy shirt, soft light")),
          1e-6);
      assertEquals(
          0,
          obedience.measure(headshotOf("studio", "portrait of a woman, wearing a never shirt")),
          1e-3,
          "that colour is not seen");
      // That word is in every slot of this captioner: of those asked the colour is one less.
      assertTrue(obedience.measure(headshotOf("monochrome", "a never shirt"))
          > 2 * obedience.measure(headshotOf("studio", "a never shirt")));
      assertTrue(
          Double.isNaN(obedience.measure(headshotOf("studio", "portrait of a woman"))),
          "nothing that it knows is asked");
    }
  }

  @Test
  void isNotMeasuredWithoutOne() {
    try (BaseModel base = BaseModel.open(TinyBase.in(folder), Compute.best());
        PromptAdherence obedience = HeadshotStudio.on(base).promptAdherence()) {
      assertTrue(Double.isNaN(
          obedience.measure(headshotOf("studio", Style.named("studio").prompt("a woman", 0)))));
    }
  }

  private static Headshot headshotOf(String style, String prompt) {
    return new Headshot(
        RgbImage.of(32, 32, new byte[3 * 32 * 32]),
        Style.all().stream()
            .filter(each ->
                style.equals("monochrome") ? each.isMonochrome() : each.name().equals(style))
            .findFirst()
            .orElseThrow(),
        1,
        ImageRequest.of(prompt),
        1);
  }
}
