package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Families with a transformer drawing over images. */
@ExtendWith(NoTensorLeaks.class)
class TransformerImageTest {
  private static final String ROOT = "/golden/";

  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"transformer-pictures/", "transformer-pictures/qwen/", "chroma/pictures/"})
  void generatesOverImagesAsDiffusers(String asks) throws IOException {
    List<?> runs = (List<?>) GoldenResource.json(ROOT + asks + "reference.json").get("runs");
    try (Safetensors expected =
        Safetensors.open(GoldenResource.file(ROOT + asks + "reference.safetensors"))) {
      for (int i = 0; i < runs.size(); i++) {
        compare("run" + i, (Map<?, ?>) runs.get(i), expected);
      }
    }
  }

  @Test
  void generatesAtTheSizeOfTheEditedImageAndRefusesATooSmallOne() {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      ImageRequest request = ImageRequest.of("a hat").steps(1).guidance(1);
      RgbImage drawn = base.generate(
              request.initialImage(InitialImage.of(RgbImage.of(67, 66, new byte[3 * 67 * 66]))))
          .image();
      assertEquals("64x64", drawn.width() + "x" + drawn.height());
      assertEquals(
          "a reference image of 67x63 is too small; give an image of at least 64 pixels a side",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> base.generate(request.initialImage(
                      InitialImage.of(RgbImage.of(67, 63, new byte[3 * 67 * 63])))))
              .getMessage());
    }
  }

  @Test
  void generatesOverAnImageIfTheStrengthIsBelowOne() throws IOException {
    RgbImage image = RgbImage.of(18, 16, new byte[3 * 18 * 16]);
    ImageRequest request = ImageRequest.of("a hat").steps(4).guidance(1);
    try (BaseModel klein =
            BaseModel.open(PipelineFolder.write("klein/base", folder).path(), Compute.EXACT);
        BaseModel kontext = BaseModel.open(
            writePipeline("flux/dev", folder, "FluxKontextPipeline"), Compute.EXACT)) {
      RgbImage whole = image.crop(0, 0, 16, 16);
      assertEquals(
          klein
              .generate(
                  request.initialImage(InitialImage.of(klein.encode(whole)).strength(0.5)))
              .image(),
          klein.generate(request.initialImage(whole, 0.5)).image(),
          "the run begins from what it begins with, and sees no more");
      assertEquals(
          "16x16 image",
          kontext.generate(request.initialImage(image, 0.5)).image().toString());
    }
  }

  @Test
  void givesKontextAMaskedImageToo() throws IOException {
    byte[] white = new byte[3 * 18 * 16];
    Arrays.fill(white, (byte) 255);
    InitialImage image =
        InitialImage.of(RgbImage.of(18, 16, new byte[white.length])).keepingSize();
    ImageRequest request = ImageRequest.of("a hat").steps(3).guidance(1);
    try (BaseModel kontext =
        BaseModel.open(writePipeline("flux/dev", folder, "FluxKontextPipeline"), Compute.EXACT)) {
      assertEquals(1, kontext.defaults().inpaintStrength());
      assertEquals(
          kontext.generate(request.initialImage(image)).image(),
          kontext
              .generate(request.initialImage(image.mask(RgbImage.of(18, 16, white))))
              .image());
    }
  }

  @Test
  void keepsTheSizeOfAMaskedImageIfThePipelineDoes() throws IOException {
    RgbImage image = RgbImage.of(19, 14, new byte[3 * 19 * 14]);
    ImageRequest request = ImageRequest.of("a hat")
        .steps(1)
        .guidance(1)
        .initialImage(InitialImage.of(image).mask(image).keepingSize());
    for (Path path : List.of(
        PipelineFolder.write("klein/base", folder).path(),
        PipelineFolder.write("zimage/turbo", folder).path(),
        writePipeline("flux/dev", folder, "FluxKontextPipeline"))) {
      try (BaseModel base = BaseModel.open(path, Compute.EXACT)) {
        int unit = EngineAccess.model(base).autoencoder().vaeScaleFactor()
            * (path.endsWith("klein/base") ? 1 : 2);
        assertEquals(
            19 / unit * unit + "x" + 14 / unit * unit + " image",
            base.generate(request).image().toString());
      }
    }
  }

  private static Path writePipeline(String variant, Path parent, Object pipeline)
      throws IOException {
    Path written = PipelineFolder.write(variant, parent).path();
    Path index = written.resolve("model_index.json");
    Map<String, Object> named = new LinkedHashMap<>(JSON.std.mapFrom(Files.readAllBytes(index)));
    named.put("_class_name", pipeline);
    Files.write(index, JSON.std.asBytes(named));
    return written;
  }

  private void compare(String name, Map<?, ?> run, Safetensors expected) throws IOException {
    Path files =
        writePipeline((String) run.get("folder"), folder.resolve(name), run.get("pipeline"));
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(files, Compute.EXACT)) {
      InitialImage initial = InitialImage.of(image(expected.read(name + ".picture")));
      if (Boolean.TRUE.equals(run.get("mask"))) {
        initial = initial.mask(image(expected.read(name + ".mask").unsqueeze(2).repeat(1, 1, 3)));
      }
      if (run.get("pipeline").equals("FluxKontextPipeline")) {
        initial = initial.keepingSize();
      }
      if (run.get("strength") instanceof Number strength) {
        initial = initial.strength(strength.doubleValue());
      }
      Object negative = ((Map<?, ?>) run.get("call")).get("negative_prompt");
      ImageRequest request = ImageRequest.of((String) run.get("prompt"))
          .negative(negative == null ? "" : negative.toString())
          .steps(integer(run, "steps"))
          .guidance(((Number) run.get("guidance")).doubleValue())
          .size(integer(run, "width"), integer(run, "height"))
          .seed(integer(run, "seed"))
          .initialImage(initial);
      Tensor image = expected.read(name + ".images").select(0, 0);
      Closeness.assertImage(1e-3, image, base.generate(request), name + " " + run.get("pipeline"));
    }
  }

  private static int integer(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).intValue();
  }

  private static RgbImage image(Tensor rows) {
    byte[] rgb = new byte[Math.toIntExact(rows.numel())];
    new BytePointer(rows.contiguous().data_ptr()).get(rgb);
    return RgbImage.of(Math.toIntExact(rows.size(1)), Math.toIntExact(rows.size(0)), rgb);
  }
}
