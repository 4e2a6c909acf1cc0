package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a base brings beside its networks: a LoRA for few steps and a tiny autoencoder for previews.
 */
@ExtendWith(NoTensorLeaks.class)
class FewStepCommandTest {
  @TempDir
  private Path folder;

  private Path base;

  @BeforeEach
  void write() {
    base = TinyBase.in(folder);
  }

  @Test
  void samplesFourStepsWithTheBasesLora() {
    Path file = base.resolve("lora/few-step.safetensors");
    String layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file,
          Map.of(
              layer + ".lora_A.weight",
              torch.ones(2, 64),
              layer + ".lora_B.weight",
              torch.ones(64, 2)),
          Map.of());
    }
    Path tensors = folder.resolve("run.safetensors");
    CommandResult run = generate(
        "--few-step", "--dtype", "f32", "--device", "cpu", "--tensors", tensors.toString());
    assertEquals(0, run.status(), run.err());
    ImageRequest request =
        ImageRequest.of("a cat").size(32, 24).seed(3).scheduler("lcm").steps(4).guidance(1);
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        Lora lora = Lora.open(file, model);
        Safetensors written = Safetensors.open(tensors);
        TensorScope scope = TensorScope.open()) {
      assertArrayEquals(
          model.generate(request.adapter(lora.at(1))).pixels(),
          ImageTensors.floats(written.read("images")),
          1e-6f);
    }
  }

  @Test
  void showsPreviewsByTheBasesOwnAutoencoder() throws IOException {
    for (Path file :
        List.of(Path.of("config.json"), Path.of("diffusion_pytorch_model.safetensors"))) {
      Files.createDirectories(base.resolve("preview"));
      Files.copy(base.resolve("vae").resolve(file), base.resolve("preview").resolve(file));
    }
    AtomicBoolean shown = new AtomicBoolean();
    CommandResult run = CommandResult.watched(
        text -> shown.set(shown.get()
            || text.startsWith("decode")
                && CommandResult.awaitFile(folder.resolve("out/preview-001.png"))),
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a cat",
        "--steps",
        "3",
        "--preview",
        "--out",
        folder.resolve("out").toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(shown.get());
  }

  @Test
  void namesMissingExtras() {
    refused(
        3,
        "the base " + base + " has no few-step LoRA ("
            + base.resolve("lora/few-step.safetensors")
            + " does not exist); leave --few-step out, and give --lora FILE --scheduler lcm"
            + " --steps 4 --guidance 1",
        "--few-step");
    refused(
        2,
        "--few-step uses LCM without guidance; leave --scheduler and --guidance out",
        "--few-step",
        "--guidance",
        "3");
    refused(
        3,
        "the base " + base + " has no preview decoder (" + base.resolve("preview")
            + " does not exist); give --preview DIR|FILE",
        "--preview");
  }

  private void refused(int status, String message, String... options) {
    CommandResult run = generate(options);
    assertEquals(status, run.status(), run.err());
    assertEquals(List.of(message), run.errorLines());
  }

  private CommandResult generate(String... options) {
    List<String> args = new ArrayList<>(List.of(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a cat",
        "--seed",
        "3",
        "--width",
        "32",
        "--height",
        "24",
        "--out",
        folder.resolve("out").toString()));
    args.addAll(List.of(options));
    return CommandResult.of(args.toArray(String[]::new));
  }
}
