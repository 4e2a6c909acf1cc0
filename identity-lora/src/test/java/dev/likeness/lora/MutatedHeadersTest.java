package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Headers of weights that a generator changed: names, shapes, types, positions, settings and single
 * bytes. Each is opened or refused as input, in time.
 */
class MutatedHeadersTest {
  private static final String LAYER = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  private static final String CONV = "down_blocks.0.resnets.0.conv1";
  private static final List<String> SUFFIXES = List.of(
      ".lora_A.weight",
      ".lora_B.weight",
      ".lora_B.bias",
      ".lora_E",
      ".lora_embedding_A",
      ".lora_embedding_B",
      ".lora_down.weight",
      ".lora_up.weight",
      ".lora_mid.weight",
      ".alpha",
      ".dora_scale",
      ".lora_magnitude_vector",
      ".hada_w1_a",
      ".hada_w1_b",
      ".hada_w2_a",
      ".hada_w2_b",
      ".hada_t1",
      ".lokr_w1",
      ".lokr_w1_a",
      ".lokr_w1_b",
      ".lokr_w2",
      ".lokr_w2_a",
      ".lokr_w2_b",
      ".lokr_t2",
      ".a1.weight",
      ".a2.weight",
      ".b1.weight",
      ".b2.weight",
      ".bm.weight",
      ".diff",
      ".diff_b",
      ".w_norm",
      ".b_norm",
      ".oft_blocks",
      ".oft_R.weight",
      ".oft_r",
      ".oft_s",
      ".boft_R",
      ".boft_s",
      ".ia3_l",
      ".on_input",
      ".weight",
      ".rescale",
      ".reshape_weight",
      ".base_layer.weight",
      ".modules_to_save.weight",
      ".vera_lambda_b");
  private static final List<String> STEMS = List.of(
      "unet." + LAYER,
      "base_model.model." + LAYER,
      "base_model.model." + CONV,
      "lora_unet_" + LAYER.replace('.', '_'),
      "lora_unet_" + CONV.replace('.', '_'),
      "lora_unet_" + CONV.replace('.', '_') + "_",
      "unet.mid_block.attentions.0.norm",
      "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
      "text_encoder.text_model.embeddings.token_embedding",
      "lora_te_text_model_encoder_layers_0_mlp_fc1",
      "transformer.transformer_blocks.0.attn.to_q");
  private static final List<String> WORDS = List.of(
      "<ada>",
      "emb_params",
      "string_to_param.*",
      "string_to_param.ada",
      "clip_l",
      "clip_g",
      "t5",
      "text_encoders_0",
      "bundle_emb.ada.clip_l",
      "bundle_emb.ada.clip_l_out",
      "lora_word.ada.clip_g",
      "bundle_emb.ada.string_to_param.*",
      "",
      "0",
      "1",
      "unet:0:up",
      "unet:0:down");
  private static final long[] SIZES = {0, 1, 2, 3, 4, 8, 16, 32, 64, 96, 128, 288, 1014, 1L << 33};
  private static final List<String> SETTINGS = List.of(
      "{\"r\": 4, \"lora_alpha\": 8}",
      "{\"unet.r\": 0, \"unet.lora_alpha\": 8}",
      "{\"alpha_pattern\": {\"to_q\": 3, \"((a|.)*)*!\": 4}}",
      "{\"num_cayley_neumann_terms\": 2147483647}",
      "{\"use_cayley_neumann\": false}",
      "{\"use_rslora\": true, \"lora_alpha\": 1e300}",
      "{\"feedforward_modules\": [\"to_q\", null]}",
      "{\"feedforward_modules\": \"(a\"}",
      "{\"init_lora_weights\": [[]]}",
      "{\"init_r\": -1, \"lora_alpha\": null}",
      "[[[[[[",
      "null",
      "\u001b]0;x\u0007");

  @Test
  void isRefusedOrRead() throws IOException, InterruptedException {
    ForkedFuzz.run(Headers.class, 0, 250, 0.02, 0.3);
  }

  @Test
  @Tag("slow")
  void isRefusedOrReadInTheFullNumber() throws IOException, InterruptedException {
    ForkedFuzz.run(Headers.class, 250, 5250, 0.02, 0.3);
  }

  /** A file with a changed header, for each seed. */
  static final class Headers implements ForkedFuzz.Cases {
    private Path file;
    private BaseModel base;
    private long before;

    @Override
    public void open(Path folder) {
      LibTorch.load();
      before = Pointer.totalCount();
      file = folder.resolve("mutated.safetensors");
      base = GoldenFolder.load(ModelExtrasFile.write(
          GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path()));
    }

    @Override
    public boolean used(int seed) throws IOException {
      byte[] bytes = next(ForkedFuzz.random(seed));
      Files.write(file, bytes);
      try {
        boolean opened = attempt(() -> {
          try (Lora lora = Lora.open(file, base)) {
            lora.attachedTo(Compute.EXACT);
          }
        });
        attempt(() -> Lora.inspect(file, base));
        return attempt(() -> TextualInversion.open(file)) || opened;
      } catch (RuntimeException | Error broken) {
        int most = Math.min(bytes.length - 8, 700);
        String header = new String(bytes, 8, most, StandardCharsets.ISO_8859_1);
        throw new AssertionError(broken + " " + header, broken);
      }
    }

    @Override
    public void close() {
      base.close();
      assertTrue(Pointer.totalCount() <= before, "native objects were left behind");
    }
  }

  /** Returns true if it ran, false if it refused the file in one short line. */
  private static boolean attempt(Runnable reading) {
    try {
      reading.run();
      return true;
    } catch (InvalidInputException | ResourceLimitException refused) {
      String message = refused.getMessage();
      boolean plain = message.codePoints().noneMatch(Character::isISOControl);
      assertTrue(plain && message.length() < 1000, message);
      return false;
    }
  }

  private static byte[] next(Random random) {
    Map<String, long[]> tensors = new LinkedHashMap<>();
    String stem = STEMS.get(random.nextInt(STEMS.size()));
    int kinds = 1 + random.nextInt(4);
    for (int i = 0; i < kinds; i++) {
      if (random.nextInt(4) == 0) {
        tensors.put(WORDS.get(random.nextInt(WORDS.size())), shape(random));
      } else {
        tensors.put(
            (random.nextInt(4) == 0 ? STEMS.get(random.nextInt(STEMS.size())) : stem)
                + SUFFIXES.get(random.nextInt(SUFFIXES.size())),
            shape(random));
      }
    }
    if (random.nextInt(2) == 0) {
      // Shapes that fit, so that more than the names is read.
      int rank = 1 + random.nextInt(4);
      tensors.put(stem + ".lora_A.weight", new long[] {rank, 64});
      tensors.put(stem + ".lora_B.weight", new long[] {64, rank});
    }
    byte[] file = file(random, tensors);
    if (random.nextInt(3) == 0) {
      int changes = 1 + random.nextInt(3);
      for (int i = 0; i < changes; i++) {
        int at = random.nextInt(Math.min(file.length, 400));
        file[at] = random.nextBoolean()
            ? (byte) random.nextInt(256)
            : (byte) "0123456789[]{},:\"-.eE".charAt(random.nextInt(21));
      }
    }
    return file;
  }

  private static long[] shape(Random random) {
    return LongStream.range(0, random.nextInt(5))
        .map(i -> SIZES[random.nextInt(random.nextInt(10) == 0 ? SIZES.length : SIZES.length - 2)])
        .toArray();
  }

  private static byte[] file(Random random, Map<String, long[]> tensors) {
    String[] types = {"F32", "F32", "F32", "F32", "F16", "BF16", "F64", "I8", "U8", "F8_E4M3"};
    int[] widths = {4, 4, 4, 4, 2, 2, 8, 1, 1, 1};
    List<String> entries = new ArrayList<>();
    long at = 0;
    for (Map.Entry<String, long[]> tensor : tensors.entrySet()) {
      int type = random.nextInt(types.length);
      long bytes = widths[type];
      for (long size : tensor.getValue()) {
        bytes = Math.min(bytes * size, 1 << 20);
      }
      entries.add("\"" + tensor.getKey() + "\": {\"dtype\": \"" + types[type] + "\", \"shape\": "
          + LongStream.of(tensor.getValue()).boxed().toList() + ", \"data_offsets\": [" + at
          + ", " + (at + bytes) + "]}");
      at += bytes;
    }
    if (random.nextInt(3) == 0) {
      entries.add("\"__metadata__\": {\"lora_adapter_metadata\": \""
          + SETTINGS.get(random.nextInt(SETTINGS.size())).replace("\"", "\\\"") + "\"}");
    }
    byte[] json = entries.stream()
        .collect(Collectors.joining(", ", "{", "}"))
        .getBytes(StandardCharsets.UTF_8);
    ByteBuffer all = ByteBuffer.allocate((int) Math.min(8L + json.length + at, 8 << 20))
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json);
    // Mostly numbers, now and then NaN.
    while (all.remaining() >= 4) {
      all.putFloat(random.nextInt(20000) == 0 ? Float.NaN : random.nextFloat() - 0.5F);
    }
    return all.array();
  }
}
