package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityCommandTest {
  @TempDir
  private Path folder;

  @Test
  void saysThatABaseHasNoAdapterBeforeAnyWork() {
    CommandResult run = CommandResult.of(
        "headshot",
        "--photos",
        folder.toString(),
        "--base",
        folder.toString(),
        "--identity",
        "ipadapter",
        "--out",
        folder.resolve("out").toString());
    assertEquals(3, run.status());
    assertEquals(
        "likeness: the base " + folder + " has no IP-Adapter ("
            + folder.resolve("ip_adapter/ip-adapter.safetensors")
            + " does not exist); give --ip-adapter FILE (with --image-encoder PATH or"
            + " --adapter-embedder FILE), or"
            + " choose --identity lora",
        run.err().strip());
  }

  @Test
  void refusesOptionsThatDoNotBelongTogether() {
    assertEquals(
        "likeness: --ip-adapter, --image-encoder, --adapter-embedder and --face-parser need --identity ipadapter or "
            + "--identity both",
        usage("headshot", "--adapter-embedder", "x.onnx"));
    assertEquals(
        "likeness: Invalid value for option '--identity': unknown identity method \"face\";"
            + " known: lora, "
            + "ipadapter, both, references, lora+references, infiniteyou, instantid, photomaker,"
            + " pulid"
            + " (try ./likeness headshot --help)",
        usage("headshot", "--identity", "face"));
  }

  private String usage(String command, String option, String value) {
    CommandResult run = CommandResult.of(
        command,
        "--photos",
        folder.toString(),
        "--out",
        folder.resolve("out").toString(),
        option,
        value);
    assertEquals(2, run.status());
    return run.err().strip();
  }
}
