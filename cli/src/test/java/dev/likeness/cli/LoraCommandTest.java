package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.Lora;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoraCommandTest {
  private static final String LAYER =
      "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.";
  private static final String RANK_NOTICE = "rank 16 is used";

  @TempDir
  private Path folder;

  @Test
  void reportsTheRankOfAdaptersWithoutOne() {
    Path base = TinyBase.in(folder);
    Path full = folder.resolve("full.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1L)) {
      SafetensorsWriter.write(
          full, Map.of(LAYER + "diff", noise.next(64, 64).squeeze(0)), Map.of());
    }
    String[] call = {
      "lora", full + "@0.5", "--base", base.toString(), "--dtype", "f32", "--device", "cpu", "--out"
    };
    Path usual = folder.resolve("usual.safetensors");
    CommandResult run = CommandResult.of(with(call, usual.toString()));
    assertEquals(0, run.status(), run.err());
    assertEquals(
        1, run.err().lines().filter(line -> line.contains(RANK_NOTICE)).count(), run.err());
    CommandResult asked =
        CommandResult.of(with(call, folder.resolve("asked.safetensors").toString(), "--rank", "3"));
    assertFalse(asked.err().contains(RANK_NOTICE), asked.err());
    try (BaseModel model = BaseModel.open(base, Compute.EXACT);
        Lora lora = Lora.open(usual, model)) {
      assertEquals(16, lora.inspection().rank());
    }
  }

  @Test
  void saysTheRankThatItWrote() {
    Path base = TinyBase.in(folder);
    Path full = folder.resolve("full.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1L)) {
      SafetensorsWriter.write(
          full, Map.of(LAYER + "diff", noise.next(64, 64).squeeze(0)), Map.of());
    }
    for (String rank : List.of("65", "1000", "100000000", "2147483647")) {
      CommandResult run = CommandResult.of(with(
          new String[] {
            "lora", full.toString(), "--base", base.toString(), "--dtype", "f32", "--out"
          },
          folder.resolve(rank).toString(),
          "--rank",
          rank));
      assertEquals(0, run.status(), run.err());
      assertTrue(
          run.err()
              .contains("1 layers of rank 64 (--rank " + rank + " is more than the result has)\n"),
          run.err());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"@1e38", "@-1e38", "@3e38", "@3.4e38", "@1e37"})
  void refusesAnInfiniteSumAndWritesNothing(String weight) {
    Path base = TinyBase.in(folder);
    Path full = folder.resolve("full.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          full,
          Map.of(LAYER + "diff", torch.full(new long[] {64, 64}, new Scalar(100.0))),
          Map.of());
    }
    Path out = folder.resolve("out.safetensors");
    CommandResult run = CommandResult.of(
        "lora",
        full + weight,
        full.toString(),
        "--base",
        base.toString(),
        "--dtype",
        "f32",
        "--out",
        out.toString());
    assertEquals(3, run.status(), run.err());
    String last = run.errorLines().get(run.errorLines().size() - 1);
    assertTrue(
        last.contains("has values of unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
            + " that are NaN or infinite; give smaller weights"),
        run.err());
    assertFalse(Files.exists(out));
  }

  private static String[] with(String[] call, String... more) {
    String[] all = new String[call.length + more.length];
    System.arraycopy(call, 0, all, 0, call.length);
    System.arraycopy(more, 0, all, call.length, more.length);
    return all;
  }
}
