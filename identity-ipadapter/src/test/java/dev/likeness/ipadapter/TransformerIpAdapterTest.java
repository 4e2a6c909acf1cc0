package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.AdapterContract;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Adapters for the transformers of FLUX.1 and Stable Diffusion 3.5. */
class TransformerIpAdapterTest {
  /** A tiny base with two adapters for it. */
  @TestInstance(Lifecycle.PER_CLASS)
  abstract static class TransformerContract implements AdapterContract {
    private final String name;
    private final List<String> kinds;
    private final UnaryOperator<String> diffusers;
    private Path folder;
    private BaseModel base;
    private List<ImageEncoder> encoders;
    private List<IpAdapter> adapters;

    TransformerContract(String name, List<String> kinds, UnaryOperator<String> diffusers) {
      this.name = name;
      this.kinds = kinds;
      this.diffusers = diffusers;
    }

    @BeforeAll
    void opens(@TempDir Path parent) {
      folder = parent;
      base = BaseModel.open(PipelineFolder.write(name, parent).path(), Compute.EXACT);
      GoldenAdapters golden = GoldenAdapters.of(name);
      encoders = kinds.stream()
          .map(kind -> ImageEncoder.open(
              GoldenImageEncoder.write(golden.encoder(kind), parent), Compute.EXACT))
          .toList();
      adapters = List.of(
          open(0, golden.write(kinds.get(0), parent)), open(1, golden.write(kinds.get(1), parent)));
    }

    @AfterAll
    void closes() {
      adapters.forEach(IpAdapter::close);
      encoders.forEach(ImageEncoder::close);
      base.close();
    }

    private IpAdapter open(int which, Path file) {
      return IpAdapter.open(file, base, encoders.get(which));
    }

    @Override
    public BaseModel base() {
      return base;
    }

    @Override
    public Adapter adapter(int which, double weight) {
      return (which == 0 ? prompt(0, "37x53.png") : prompt(1, "64x64.png")).at(weight);
    }

    private ImagePrompt prompt(int which, String image) {
      return adapters.get(which).prompt(image(image));
    }

    private float[] generate(ImagePrompt prompt) {
      return base.generate(request().adapter(prompt.at(0.9))).pixels();
    }

    @Test
    void isActiveUnderAWhiteMask() {
      float[] plainly = base.generate(request()).pixels();
      for (int which = 0; which < 2; which++) {
        ImagePrompt prompt = prompt(which, "37x53.png");
        float[] everywhere = generate(prompt);
        float[] left = generate(prompt.mask(grey(255, 0)));
        assertArrayEquals(everywhere, generate(prompt.mask(grey(255, 255))));
        assertArrayEquals(plainly, generate(prompt.mask(grey(0, 0))));
        assertFalse(Arrays.equals(left, everywhere) || Arrays.equals(left, plainly));
      }
    }

    @Test
    void appliesARepeatedPromptTwice() {
      Reference one = Reference.of(image("37x53.png"));
      Reference other = Reference.of(image("64x64.png"));
      float[] thrice = generate(adapters.get(1).prompt(List.of(one, one, other)));
      float[] weighted = generate(adapters.get(1).prompt(List.of(one.weight(2), other)));
      assertArrayEquals(thrice, weighted, 1e-5f);
      assertArrayEquals(
          generate(adapters.get(1).prompt(List.of(one, one))),
          generate(adapters.get(1).prompt(List.of(one.weight(2)))),
          1e-5f);
    }

    @Test
    void readsDiffusersKeyFormatAndSavedReferences() {
      Path file = GoldenAdapters.of(name)
          .write(kinds.get(0), folder.resolve("diffusers.safetensors"), diffusers);
      ImagePrompt published = prompt(0, "37x53.png");
      Path kept = folder.resolve("kept.safetensors");
      published.references().save(kept);
      try (IpAdapter spelled = open(0, file)) {
        assertEquals(adapters.get(0).layout(), IpAdapterFile.of(file).layout());
        assertArrayEquals(
            generate(published), generate(spelled.prompt(ReferenceEmbeddings.open(kept))));
      }
    }

    @Test
    void refusesAdaptersOfOtherBases() {
      Path file =
          GoldenAdapters.of("base").write("base", folder.resolve("unet.safetensors"), key -> key);
      String refusal =
          assertThrows(InvalidInputException.class, () -> open(0, file)).getMessage();
      assertEquals(
          file + " is an IP-Adapter for a base with context 32, 4 attentions, but the base "
              + base.name() + " is " + adapters.get(0).sites().baseDescription()
              + "; give an adapter for this base",
          refusal);
      ImagePrompt style = prompt(0, "37x53.png").blockWeights(BlockWeights.STYLE);
      assertEquals(
          "the block weights \"style\" are for UNets, but the base " + base.name() + " is "
              + adapters.get(0).sites().baseDescription()
              + "; give linear, ease-in, ease-out, or weights by path",
          assertThrows(IllegalArgumentException.class, () -> generate(style)).getMessage());
    }
  }

  @Nested
  final class FluxTest extends TransformerContract {
    FluxTest() {
      super(
          "flux/dev",
          List.of("xlabs", "instantx"),
          name -> name.replace(
                  "image_proj.proj.", "encoder_hid_proj.image_projection_layers.0.image_embeds.")
              .replace("image_proj.", "encoder_hid_proj.image_projection_layers.0.")
              .replaceFirst(
                  "ip_adapter\\.(\\d+)\\.(to_[kv]_ip)",
                  "transformer_blocks.$1.attn.processor.$2.0"));
    }

    @Test
    void readsXLabsKeyFormat() {
      Path file = GoldenAdapters.of("flux/dev")
          .write(
              "xlabs",
              super.folder.resolve("ip_adapter.safetensors"),
              name -> name.replace("image_proj.", "ip_adapter_proj_model.")
                  .replaceFirst(
                      "ip_adapter\\.(\\d+)\\.to_([kv])_ip",
                      "double_blocks.$1.processor.ip_adapter_double_stream_$2_proj"));
      try (IpAdapter spelled = super.open(0, file)) {
        assertArrayEquals(
            super.generate(super.prompt(0, "37x53.png")),
            super.generate(spelled.prompt(image("37x53.png"))));
      }
    }
  }

  @Nested
  final class Sd3Test extends TransformerContract {
    Sd3Test() {
      super(
          "sd3/large",
          List.of("timed", "timed"),
          name -> name.replaceFirst(
                  "ip_adapter\\.(\\d+)\\.", "transformer_blocks.$1.attn.processor.")
              .replaceFirst("(layers\\.\\d+)\\.0\\.norm1", "$1.ln0")
              .replaceFirst("(layers\\.\\d+)\\.0\\.norm2", "$1.ln1")
              .replaceFirst("(layers\\.\\d+)\\.0\\.to_out", "$1.attn.to_out.0")
              .replaceFirst("(layers\\.\\d+)\\.0\\.to_", "$1.attn.to_")
              .replaceFirst("(layers\\.\\d+)\\.1\\.0", "$1.adaln_norm")
              .replaceFirst("(layers\\.\\d+)\\.1\\.1", "$1.ff.net.0.proj")
              .replaceFirst("(layers\\.\\d+)\\.1\\.3", "$1.ff.net.2")
              .replaceFirst("(layers\\.\\d+)\\.2\\.1", "$1.adaln_proj"));
    }
  }

  /** A left and a right half of these shades. */
  private static RgbImage grey(int left, int right) {
    byte[] rgb = new byte[3 * 8 * 8];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 8 < 4 ? left : right);
    }
    return RgbImage.of(8, 8, rgb);
  }

  private static RgbImage image(String name) {
    return RgbImage.read(GoldenImageEncoder.file(name));
  }
}
