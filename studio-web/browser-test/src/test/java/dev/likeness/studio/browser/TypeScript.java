package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The native TypeScript checker, a development tool that needs no Node. Its npm package is taken
 * from the registry that {@code -Dlikeness.npm.registry} or npm's own variable names, or by the npm
 * client if there is one. Its digest is that of version {@value #VERSION}.
 */
final class TypeScript {
  static final String VERSION = "7.0.2";

  private static final Map<String, String> SHA512 = Map.of(
      "linux-x64",
      "EYdf2cNg7rgCWJnxCdJ+F3V39O8ihb37eHAu1LK8oAFizgTQbPOK7zHHXbPt8rX24COqODXeI3sIf0fCXG7H/A==",
      "linux-arm64",
      "Qh4eU4/y3yDjnfjjyPYihMj5/ODIlmt+Bzu17OI+fiSRDW57QmU5SiN63exPRNJPKUzcc1INa1NXdrJ+MqHjUQ==",
      "darwin-arm64",
      "gowzar9MwS/aRWp6f3a4KUqzRjAZjOsmGNCM6LcTgXum+dBfgsBVMN+AgvOCCbguXyick6LJhpBszxMebJ8syA==",
      "win32-x64",
      "0BQ3HkAHHlKLSp1qRvf3SUhGpGsDuhB/jgFw75guyqbxJqEaS0Cw/VFO8i2nHglJUzQCRtMMR/IBAKE3ETMC4g==");

  private final Path command;

  private TypeScript(Path command) {
    this.command = command;
  }

  /** What the checker found; empty if nothing is wrong. */
  String check(Path folder) throws IOException, InterruptedException {
    return run(folder, command.toString(), "-p", folder.toString());
  }

  /** Opens the checker; skips the test with a message where it cannot be had. */
  static TypeScript open() throws IOException, InterruptedException {
    String platform = platform();
    assumeTrue(
        SHA512.containsKey(platform),
        "the TypeScript checker has no known package for this platform, so types are not checked");
    Path folder = Path.of("target", "typescript-" + VERSION).toAbsolutePath();
    Path archive = folder.resolve("package.tgz");
    if (!Files.exists(archive)) {
      Files.createDirectories(folder);
      assumeTrue(
          get(platform, archive),
          "the npm package of the TypeScript checker cannot be had, so types are not checked; give"
              + " the address of an npm registry with -Dlikeness.npm.registry");
    }
    assertEquals(SHA512.get(platform), digest(archive), "the package is that of " + VERSION);
    assertEquals("", run(folder, "tar", "xzf", archive.toString()), "the package is unpacked");
    Path command = folder.resolve("package/lib/tsc" + (platform.startsWith("win") ? ".exe" : ""));
    assertTrue(Files.isRegularFile(command), command + " is in the package");
    return new TypeScript(command);
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String name = os.startsWith("windows") ? "win32" : os.startsWith("mac") ? "darwin" : "linux";
    boolean isArm = System.getProperty("os.arch").equals("aarch64");
    return name + (isArm ? "-arm64" : "-x64");
  }

  private static boolean get(String platform, Path archive)
      throws IOException, InterruptedException {
    String name = "typescript-" + platform;
    Optional<String> registry = Stream.of(
            System.getProperty("likeness.npm.registry"), System.getenv("npm_config_registry"))
        .filter(address -> address != null && !address.isBlank())
        .findFirst();
    if (registry.isPresent()) {
      URI address = URI.create(registry.get().replaceFirst("/*$", "/") + "@typescript/" + name
          + "/-/" + name + "-" + VERSION + ".tgz");
      HttpResponse<Path> reply = HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .build()
          .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofFile(archive));
      assertEquals(200, reply.statusCode(), address::toString);
      return true;
    }
    try {
      run(archive.getParent(), "npm", "pack", "@typescript/" + name + "@" + VERSION);
    } catch (IOException absent) {
      return false;
    }
    Path packed = archive.resolveSibling("typescript-" + name + "-" + VERSION + ".tgz");
    if (!Files.exists(packed)) {
      return false;
    }
    Files.move(packed, archive);
    return true;
  }

  private static String digest(Path file) throws IOException {
    try {
      return Base64.getEncoder()
          .encodeToString(MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String run(Path folder, String... command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("typescript", ".txt");
    try {
      Process process = new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(out.toFile())
          .start();
      if (!process.waitFor(5, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new AssertionError(command[0] + " does not end");
      }
      return Files.readString(out, StandardCharsets.UTF_8);
    } finally {
      Files.delete(out);
    }
  }
}
