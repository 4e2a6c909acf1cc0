package dev.likeness.examples;

import dev.likeness.cli.Outside;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Maven repository with this build's artifacts as {@code mvn install} would leave them, and links
 * to everything else that the build has downloaded already.
 */
final class LocalRepository {
  private static final String VERSION = Outside.version();
  private static final List<String> POMS = List.of(
      "bom",
      "natives-cpu",
      "natives/linux-x86_64",
      "natives/macosx-arm64",
      "natives/windows-x86_64");
  private static final List<String> JARS = List.of(
      "schedulers",
      "diffusion-core",
      "identity-photos",
      "identity-lora",
      "identity-ipadapter",
      "headshots");

  private LocalRepository() {}

  /**
   * Made anew below {@code target}: a temporary folder would warn of every link as it is deleted.
   */
  static Path make() throws IOException {
    Path repository = Outside.ROOT.resolve("examples/target/consumer-repository");
    delete(repository);
    Files.createDirectories(repository.resolve("dev"));
    Path downloaded = Path.of(System.getProperty("likeness.localRepository"));
    link(downloaded, repository, "dev");
    link(downloaded.resolve("dev"), repository.resolve("dev"), "likeness");
    install(repository, Outside.ROOT.resolve("pom.xml"), "parent");
    for (String pom : POMS) {
      String name = pom.replace('/', '-');
      install(repository, Outside.ROOT.resolve(pom).resolve("pom.xml"), name);
    }
    for (String module : JARS) {
      Path folder = install(repository, Outside.ROOT.resolve(module).resolve("pom.xml"), module);
      String jar = "likeness-" + module + "-" + VERSION + ".jar";
      Files.copy(Outside.ROOT.resolve(module).resolve("target").resolve(jar), folder.resolve(jar));
    }
    return repository;
  }

  private static Path install(Path repository, Path pom, String module) throws IOException {
    Path folder = repository.resolve("dev/likeness/likeness-" + module).resolve(VERSION);
    Files.createDirectories(folder);
    Files.copy(pom, folder.resolve("likeness-" + module + "-" + VERSION + ".pom"));
    return folder;
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private static void link(Path from, Path to, String except) throws IOException {
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry :
          entries.filter(e -> !e.getFileName().toString().equals(except)).toList()) {
        Files.createSymbolicLink(to.resolve(entry.getFileName()), entry.toRealPath());
      }
    }
  }
}
