package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A small file that an option names is refused before the base is opened, which takes long. Here
 * the base is broken too: its name would be in the message if it was opened first.
 */
class OpeningOrderTest {
  private static final String PHOTOS = "../examples/photos/person-5000000002";
  private static final String PHOTO = PHOTOS + "/selfie-01.jpg";

  @TempDir
  private static Path folder;

  private static Path base;
  private static Path bad;
  private static Path person;

  @BeforeAll
  static void writeBrokenFiles() throws IOException {
    base = Files.write(folder.resolve("the-base.safetensors"), new byte[4096]);
    bad = Files.write(folder.resolve("small-file.onnx"), "not what it should be".getBytes());
    byte[] header =
        "{\"a.lora_down.weight\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
            .getBytes(StandardCharsets.UTF_8);
    person = Files.write(
        folder.resolve("person.safetensors"),
        ByteBuffer.allocate(8 + header.length + 4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .array());
  }

  private static Arguments command(String... words) {
    return Arguments.of(List.of(words));
  }

  /** BAD stands for the broken small file, and PERSON for a file whose header can be read. */
  static Stream<Arguments> commands() {
    String[] photos = {"--photos", PHOTOS, "--consent", "a test"};
    List<Arguments> all = new ArrayList<>();
    String[][] generate = {
      {"--face-guidance", PHOTO, "--face-guidance-embedder", "BAD", "--face-guidance-decoder", "BAD"
      },
      {"--face-guidance", PHOTO, "--face-detector", "BAD"},
      {"--face-guidance", "BAD"},
      {"--lora", "BAD"},
      {"--lora", "BAD@0.5"},
      {"--ip-adapter", "BAD", "--reference", PHOTO},
      {"--controlnet", "BAD", "--control-image", PHOTO},
      {"--controlnet", "no-such-folder", "--control-image", "BAD"},
      {"--controlnet", "no-such-folder", "--control-image", PHOTO, "--control-mask", "BAD"},
      {"--init", "BAD"},
      {"--init", PHOTO, "--mask", "BAD"},
      {"--init", PHOTO, "--change-map", "BAD"},
      {"--image", "BAD"},
      {"--embedding", "BAD"},
    };
    for (String[] options : generate) {
      all.add(with(new String[] {"generate", "--prompt", "a"}, options));
    }
    String[][] faces = {
      {"--detector", "BAD"},
      {"--embedder", "BAD"},
      {"--quality", "BAD"},
      {"--face-guidance-embedder", "BAD", "--face-guidance-decoder", "BAD"},
    };
    for (String[] options : faces) {
      all.add(with(with("headshot", photos), options));
      all.add(with(with("train", photos), options));
    }
    all.add(with(with("headshot", photos), "--upscaler", "BAD"));
    all.add(with(with("headshot", photos), "--identity", "ipadapter", "--ip-adapter", "BAD"));
    all.add(with(with("train", photos), "--training-adapter", "BAD"));
    all.add(command("headshot", "--person", "BAD"));
    all.add(command("headshot", "--identity", "references", "--person", "BAD"));
    all.add(command("edit", PHOTO, "--person", "BAD", "--outfit", "a suit"));
    String[] edit = {PHOTO, "--person", "PERSON", "--outfit", "a suit"};
    all.add(with(with("edit", edit), "--detector", "BAD"));
    all.add(with(with("edit", edit), faces[3]));
    return all.stream();
  }

  private static String[] with(String command, String... more) {
    return concat(new String[] {command}, more);
  }

  private static Arguments with(String[] begin, String... more) {
    return command(concat(begin, more));
  }

  private static String[] concat(String[] begin, String... more) {
    return Stream.concat(Stream.of(begin), Stream.of(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void aBrokenSmallFileIsRefusedBeforeTheBaseIsOpened(List<String> command) {
    List<String> words = new ArrayList<>();
    command.forEach(word ->
        words.add(word.replace("BAD", bad.toString()).replace("PERSON", person.toString())));
    Path out = folder.resolve("out" + command.hashCode());
    words.addAll(List.of("--base", base.toString(), "--out", out.toString()));

    CommandResult run = CommandResult.of(words.toArray(String[]::new));

    assertEquals(3, run.status(), run.err());
    assertTrue(run.err().contains("small-file.onnx"), run.err());
    assertFalse(run.err().contains("the-base"), run.err());
  }
}
