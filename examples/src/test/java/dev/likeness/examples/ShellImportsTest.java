package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What {@code likeness-shell} imports. */
class ShellImportsTest {
  @Test
  void everyNameMeansOneThing() throws IOException {
    List<String> packages =
        Files.readAllLines(Path.of("jshell/start.jsh")).stream().map(line -> line.replaceAll("^import |\\.\\*$", "")).toList();
    List<JavaClass> types = new ClassFileImporter().importPackages(packages).stream().filter(JavaClass::isTopLevelClass)
        .filter(type -> packages.contains(type.getPackageName()) && type.getModifiers().contains(JavaModifier.PUBLIC)).toList();
    assertEquals(new TreeSet<>(packages), types.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new)));
    Map<String, Long> names = types.stream().collect(Collectors.groupingBy(JavaClass::getSimpleName, Collectors.counting()));
    names.values().removeIf(count -> count == 1);
    assertEquals(Map.of(), names);
  }
}
