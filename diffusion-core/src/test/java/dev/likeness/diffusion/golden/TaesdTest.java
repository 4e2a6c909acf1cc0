package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.Compute;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The real TAESD weights, stored in eight bits: what diffusers makes of the same file and image.
 */
@ExtendWith(NoTensorLeaks.class)
class TaesdTest {
  private static final int SIDE = 256;

  @ParameterizedTest
  @ValueSource(strings = {"taesd", "taesd_xl", "taesd_3", "taesd_f"})
  void encodesAndDecodesAPhotoAsDiffusersDoes(String name) throws IOException {
    Path file = Material.of("autoencoders/" + name + ".f8.safetensors");
    Map<String, Object> decibels =
        JSON.std.mapFrom(TaesdTest.class.getResourceAsStream("/golden/taesd.json"));
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        Safetensors golden = Safetensors.open(GoldenResource.file("/golden/taesd.safetensors"));
        LoadedAutoencoder vae = ComponentFile.openAutoencoder(file, Compute.EXACT)) {
      Tensor photo = ImageTensors.toSigned(photo(Material.of("photos/objects/astronaut.png")));
      Tensor latents = vae.encode(photo).mode();
      Closeness.assertWithin(1e-4, golden.read(name), latents, name);
      Tensor back = vae.decode(latents)
          .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0)));
      double error = back.sub(photo).square().mean().item_double();
      assertEquals(((Number) decibels.get(name)).doubleValue(), 10 * Math.log10(4 / error), 0.001);
    }
  }

  private static RgbImage photo(Path file) throws IOException {
    BufferedImage image = ImageIO.read(file.toFile());
    byte[] rgb = new byte[3 * SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) {
      int pixel = image.getRGB(SIDE / 2 + i % SIDE, i / SIDE);
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) (pixel >> 16 - 8 * c);
      }
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
