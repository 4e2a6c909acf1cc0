package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program and the session of curl of the guide to photo booths work as they stand there. */
class PhotoBoothTest {
  private static final Path GUIDE = Path.of("../docs/guides/build-a-photo-booth.md");

  @TempDir
  private Path folder;

  private Path selfies;

  @BeforeEach
  void copySelfies() throws IOException {
    selfies = Files.createDirectories(folder.resolve("my selfies"));
    for (int i = 0; i < 3; i++) {
      Files.write(
          selfies.resolve("selfie-" + i + ".jpg"), RunningStudio.samples().get(i));
    }
  }

  private static String block(String language) throws IOException {
    Matcher block = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(GUIDE));
    assertTrue(block.find(), language);
    return block.group(1);
  }

  @Test
  void theProgramSavesAHeadshotAndErasesThePerson() throws Exception {
    Path headshot = folder.resolve("best.jpg");
    try (RunningStudio studio = RunningStudio.onPortrait(folder);
        URLClassLoader loader = new URLClassLoader(new URL[] {compile(block("java"))})) {
      loader.loadClass("PhotoBooth").getMethod("main", String[].class).invoke(null, (Object)
          new String[] {
            studio.server.address().toString(), selfies.toString(), "Ada", headshot.toString()
          });
      RgbImage image = RgbImage.read(headshot);
      assertEquals(256, image.width());
      assertEquals(List.of(), studio.store.subjects(), "the person is erased");
    }
  }

  private URL compile(String source) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject file =
        new SimpleJavaFileObject(
            URI.create("string:///PhotoBooth.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    StringWriter messages = new StringWriter();
    Path out = Files.createDirectories(folder.resolve("classes"));
    List<String> options =
        List.of("-d", out.toString(), "-cp", System.getProperty("java.class.path"));
    assertTrue(
        compiler.getTask(messages, null, null, options, null, List.of(file)).call(),
        messages::toString);
    return out.toUri().toURL();
  }

  @Test
  void theSessionOfCurlSavesAHeadshotAndTheReceipt() throws Exception {
    assumeTrue(
        List.of("/usr/bin/bash", "/usr/bin/curl").stream()
            .allMatch(program -> Files.isExecutable(Path.of(program))),
        "bash or curl is not installed, so the session of curl is not tested");
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      Path output = folder.resolve("output.txt");
      ProcessBuilder session = new ProcessBuilder("/usr/bin/bash", "-e", "-c", block("text"))
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(output.toFile());
      session
          .environment()
          .putAll(java.util.Map.of(
              "ADDRESS", "http://127.0.0.1:" + studio.server.port(),
              "TOKEN", studio.token(),
              "PHOTOS", selfies.toString()));
      Process process = session.start();
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "the session ends");
      assertEquals(0, process.exitValue(), () -> new String(read(output), StandardCharsets.UTF_8));
      assertEquals(256, RgbImage.read(folder.resolve("headshot.png")).width());
      assertTrue(Files.readString(folder.resolve("receipt.json")).contains("signature"));
      assertEquals(List.of(), studio.store.subjects(), "the person is erased");
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
