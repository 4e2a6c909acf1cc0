package dev.likeness.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Public means supported. */
public final class SupportedRules {
  /** Hard keywords of Kotlin that are names in Java. */
  private static final Set<String> KOTLIN_KEYWORDS =
      Set.of("as", "fun", "in", "is", "object", "typealias", "typeof", "val", "var", "when");

  private SupportedRules() {}

  /** Users never see the engine. */
  public static ArchRule signaturesMentionNothingInternal(String root) {
    return signatures(
        root,
        "nothing internal",
        type -> type.getPackageName().startsWith(root + ".")
            && ModuleRules.isInternal(type.getPackageName()));
  }

  /** Users never see libtorch or OpenCV; Latents is the documented door to tensors. */
  public static ArchRule signaturesMentionNoBytedeco(String root) {
    return signatures(
        root, "no type of bytedeco", type -> type.getPackageName().startsWith("org.bytedeco"));
  }

  private static ArchRule signatures(String root, String what, Predicate<JavaClass> wrong) {
    String door = root + ".diffusion.tensor.Latents";
    return classes()
        .that(describe(
            "are supported",
            type -> ModuleRules.isSupported(root, type) && !type.getName().equals(door)))
        .should(new ArchCondition<>("mention " + what) {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            Stream<JavaType> above =
                Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
            report(type, type.getName() + " extends", above, events);
            type.getMembers().stream()
                .filter(SupportedRules::isVisible)
                .forEach(member -> report(type, member.getFullName(), types(member), events));
          }

          private void report(
              JavaClass type, String where, Stream<JavaType> types, ConditionEvents events) {
            types
                .flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
                .map(JavaClass::getBaseComponentType)
                .filter(wrong)
                .map(JavaClass::getName)
                .distinct()
                .forEach(name ->
                    events.add(SimpleConditionEvent.violated(type, where + " mentions " + name)));
          }
        })
        .as("supported signatures mention " + what);
  }

  private static boolean isVisible(JavaMember member) {
    Set<JavaModifier> modifiers = member.getModifiers();
    boolean inherited = modifiers.contains(JavaModifier.PROTECTED)
        && !member.getOwner().getModifiers().contains(JavaModifier.FINAL);
    return (modifiers.contains(JavaModifier.PUBLIC) || inherited)
        && !modifiers.contains(JavaModifier.SYNTHETIC);
  }

  private static Stream<JavaType> types(JavaMember member) {
    if (member instanceof JavaCodeUnit unit) {
      return Stream.concat(
          Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream()),
          unit.getExceptionTypes().stream());
    }
    return Stream.of(((JavaField) member).getType());
  }

  /** A public simple name means one thing, whatever a user imports. */
  public static ArchRule namesMeanOneThing(String root) {
    return classes()
        .that(describe(
            "are supported", type -> type.isTopLevelClass() && ModuleRules.isSupported(root, type)))
        .should(new ArchCondition<>("have a name of their own") {
          private final Map<String, Set<String>> packages = new TreeMap<>();

          @Override
          public void init(Collection<JavaClass> all) {
            packages.clear();
            all.forEach(type -> packages
                .computeIfAbsent(type.getSimpleName(), name -> new TreeSet<>())
                .add(type.getPackageName()));
          }

          @Override
          public void check(JavaClass type, ConditionEvents events) {
            List<String> others = packages.get(type.getSimpleName()).stream()
                .filter(name -> !name.equals(type.getPackageName()))
                .toList();
            events.add(new SimpleConditionEvent(
                type, others.isEmpty(), type.getName() + " has the name of a type in " + others));
          }
        })
        .as("no public simple name stands twice in the libraries");
  }

  /**
   * One exception root, no record that is a resource, and no method that Kotlin could only call in
   * backticks.
   */
  public static ArchRule typesHaveNoTraps(String root) {
    return classes()
        .that(describe("are supported", type -> ModuleRules.isSupported(root, type)))
        .should(new ArchCondition<>("have no traps") {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            if (type.isAssignableTo(Throwable.class)
                && !type.isAssignableTo("dev.likeness.diffusion.error.LikenessException")) {
              report(type, type.getName() + " is no LikenessException", events);
            }
            if (type.isRecord() && type.isAssignableTo(AutoCloseable.class)) {
              report(type, type.getName() + " is a record and a resource", events);
            }
            type.getMethods().stream()
                .filter(SupportedRules::isVisible)
                .filter(method -> KOTLIN_KEYWORDS.contains(method.getName()))
                .forEach(method ->
                    report(type, method.getFullName() + " is a keyword of Kotlin", events));
          }

          private void report(JavaClass type, String what, ConditionEvents events) {
            events.add(SimpleConditionEvent.violated(type, what));
          }
        })
        .as("supported types have no traps");
  }
}
