package dev.likeness.examples;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.likeness.cli.architecture.ModuleRules;

/** What the examples show, a user can write. */
@AnalyzeClasses(
    packages = "dev.likeness.examples",
    importOptions = ImportOption.DoNotIncludeTests.class)
class SupportedApiTest {
  @ArchTest
  static final ArchRule EXAMPLES = ModuleRules.examplesUseTheSupportedApi("dev.likeness");
}
