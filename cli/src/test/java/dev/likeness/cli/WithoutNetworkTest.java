package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command works in a network namespace without interfaces, where Linux allows to make one. */
class WithoutNetworkTest {
  @TempDir
  private Path folder;

  @Test
  void generatesWithoutAnInterface() throws Exception {
    assumeTrue(isolates(), "unshare -rn is not allowed here");
    Path base = TinyBase.in(folder);
    Outcome run = run(
        "generate",
        "--base",
        base.toString(),
        "--prompt",
        "a woman",
        "--steps",
        "1",
        "--width",
        "32",
        "--height",
        "32",
        "--out",
        folder.resolve("out").toString());
    assertEquals(0, run.status(), run.text());
    assertTrue(Files.isDirectory(folder.resolve("out")));
  }

  /** The main job: from selfies by a trained person to a headshot, which is edited and checked. */
  @Test
  void makesHeadshotsOfSelfiesWithoutAnInterface() throws Exception {
    assumeTrue(isolates(), "unshare -rn is not allowed here");
    Path base = TinyBase.in(folder);
    Path selfies = Selfies.reduced(Selfies.of("5000000777", 3, folder.resolve("people")));
    Path shots = folder.resolve("shots");
    for (List<String> command : List.of(
        List.of("photos", selfies.toString()),
        List.of(
            "headshot",
            "--photos",
            selfies.toString(),
            "--consent",
            "Ada: for this test",
            "--base",
            base.toString(),
            "--train-steps",
            "2",
            "--steps",
            "2",
            "--style",
            "studio",
            "--out",
            shots.toString()),
        List.of(
            "edit",
            shots.resolve("headshot-001.png").toString(),
            "--base",
            base.toString(),
            "--person",
            shots.resolve("person.safetensors").toString(),
            "--extend",
            "0,0,0,16",
            "--out",
            folder.resolve("edited").toString()),
        List.of("verify", shots.resolve("headshot-001.png").toString()))) {
      Outcome run = run(command.toArray(String[]::new));
      assertEquals(0, run.status(), command.get(0) + ": " + run.text());
    }
    assertTrue(Files.exists(shots.resolve("person.safetensors")));
    assertTrue(Files.exists(folder.resolve("edited/edited.png")));
  }

  @Test
  void aDownloadSaysThatThereIsNoNetwork() throws Exception {
    assumeTrue(isolates(), "unshare -rn is not allowed here");
    Outcome run = run("models", "get", "sd15");
    assertEquals(4, run.status(), run.text());
    assertTrue(
        run.text()
            .contains(
                "likeness: huggingface.co is not known here; check the network, HF_ENDPOINT and"
                    + " HTTPS_PROXY, or use the cache alone with HF_HUB_OFFLINE=1"),
        run.text());
  }

  private record Outcome(int status, String text) {}

  private static boolean isolates() throws InterruptedException {
    try {
      return new ProcessBuilder("unshare", "-rn", "true").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private Outcome run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(
        "unshare",
        "-rn",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-cp",
        System.getProperty("java.class.path"),
        LikenessCommand.class.getName()));
    command.addAll(List.of(arguments));
    Path text = folder.resolve("text");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(text.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("HF_") || name.contains("roxy"));
    builder.environment().keySet().removeIf(name -> name.contains("PROXY"));
    builder.environment().put("HF_HUB_CACHE", folder.resolve("cache").toString());
    Process process = builder.start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return new Outcome(process.waitFor(), Files.readString(text));
  }
}
