package dev.likeness.examples.extension;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.TinyBase;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StyledPersonTest {
  @TempDir
  private Path folder;

  @Test
  void addsTheLookToThePerson() {
    try (BaseModel base = BaseModel.open(TinyBase.in(folder));
        LoraPerson ada = trained(base, 0);
        LoraPerson film = trained(base, 200)) {
      StyledPerson styled = new StyledPerson(ada, film.lora(), 0.5, "film grain");
      assertEquals(ada.phrase() + ", film grain", styled.phrase());
      byte[] own = pixels(base, styled.at(0.8));
      assertArrayEquals(own, pixels(base, ada.at(0.8).and(film.lora().at(0.5))));
      assertFalse(Arrays.equals(own, pixels(base, ada.at(0.8))));
      assertFalse(Arrays.equals(own, pixels(base, styled.at(0.1))));
    }
  }

  @Test
  void isShotLikeEveryPersonWithConsent() {
    try (BaseModel base = BaseModel.open(TinyBase.in(folder));
        LoraPerson ada = trained(base, 0)) {
      Identity styled = new StyledPerson(ada, ada.lora(), 0.5, "film grain");
      HeadshotStudio studio = HeadshotStudio.on(base);
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).steps(2);
      assertThrows(ConsentException.class, () -> studio.shoot(styled, request));
      Headshot shot = studio
          .shoot(styled.withConsent(Consent.of("Ada: yes")), request)
          .headshots()
          .get(0);
      assertTrue(shot.request().prompt().contains("film grain"), shot.request().prompt());
    }
  }

  private static LoraPerson trained(BaseModel base, int grey) {
    byte[] pixels = new byte[32 * 32 * 3];
    Arrays.fill(pixels, (byte) grey);
    return new LoraTrainer(TrainingSettings.quick().steps(2))
        .train(base, List.of(RgbImage.of(32, 32, pixels)), PersonToken.of("woman"));
  }

  private static byte[] pixels(BaseModel base, Adapter adapter) {
    return base.generate(ImageRequest.of("a portrait").steps(2).seed(1).adapter(adapter))
        .image()
        .rgb();
  }
}
