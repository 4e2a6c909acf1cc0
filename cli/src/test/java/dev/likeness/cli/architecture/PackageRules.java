package dev.likeness.cli.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which package may use which inside a module. */
public final class PackageRules {
  /** The packages of diffusion-core, from the top down; those of one line may use each other. */
  private static final List<Set<String>> CORE = List.of(
      // How sister modules reach the engine of a BaseModel.
      Set.of(".internal.access"),
      Set.of(""),
      Set.of(".checkpoint"),
      Set.of(".training"),
      Set.of(".internal.pipeline"),
      Set.of(".internal.model"),
      Set.of(".internal.family.*"),
      Set.of(".internal.training", ".internal.sampling"),
      Set.of(".internal.family"),
      Set.of(".internal.text", ".internal.vae"),
      Set.of(".internal.memory"),
      Set.of(".internal.nn", ".internal.nn.unet", ".internal.nn.transformer", ".internal.nn.cpu"),
      Set.of(".internal.adapter"),
      // A textual inversion is a value of a request that reads its own file.
      Set.of(".request"),
      Set.of(".internal.file", ".internal.file.gguf", ".internal.file.pickle"),
      Set.of(".internal.tensor"),
      Set.of(".internal.image"),
      Set.of(".tensor", ".image"),
      Set.of(".internal.imagefile", ".internal.resampling"),
      // Loading of libraries and atomic files serve all of the above, signing the sister modules.
      Set.of(".internal.natives", ".internal.io", ".internal.signing"),
      // The catalogue is data.
      Set.of(".catalogue"),
      Set.of(".error"));

  /** The packages of identity-lora, from the top down: facades, engine, values. */
  private static final List<Set<String>> LORA = List.of(
      Set.of(""),
      Set.of(".internal.training"),
      Set.of(".internal.file"),
      Set.of(".internal.algorithm"),
      Set.of(".training", ".file"));

  /** The packages of headshots, from the top down: facades, engine, what they take and return. */
  private static final List<Set<String>> HEADSHOTS = List.of(
      Set.of(""),
      Set.of(".internal.training"),
      Set.of(".internal.generation"),
      Set.of(".report"),
      Set.of(".shoot"),
      Set.of(".score"),
      Set.of(".internal.score", ".internal.photo", ".internal.marking"),
      Set.of(".style"),
      Set.of(".person"),
      Set.of(".doctor"));

  private PackageRules() {}

  /** Facades are built at the top: no other package of a module uses its root package. */
  public static ArchRule nothingUsesTheRoot(String root, String module) {
    String top = root + "." + module;
    return noClasses()
        .that()
        .resideInAPackage(top + ".*..")
        .and()
        .resideOutsideOfPackage(top + ".internal.access")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(top)
        .allowEmptyShould(true)
        .as("no package below it uses the root package of " + module);
  }

  /** In diffusion-core, arrows run down the list of its packages. */
  public static ArchRule arrowsOfTheCore(String root) {
    return arrows(root + ".diffusion", CORE)
        .as("in diffusion-core, arrows run down the list of packages");
  }

  /** In identity-lora, arrows run down the list of its packages. */
  public static ArchRule arrowsOfLora(String root) {
    return arrows(root + ".lora", LORA)
        .as("in identity-lora, arrows run down the list of packages");
  }

  /** In headshots, arrows run down the list of its packages. */
  public static ArchRule arrowsOfHeadshots(String root) {
    return arrows(root + ".headshots", HEADSHOTS)
        .as("in headshots, arrows run down the list of packages");
  }

  private static ArchRule arrows(String top, List<Set<String>> order) {
    return classes()
        .that()
        .resideInAPackage(top + "..")
        .should(new OncePerTarget("use packages of their own line or below") {
          @Override
          boolean isWrong(JavaClass from, JavaClass to) {
            int target = line(top, order, to);
            return target >= 0 && target < line(top, order, from);
          }
        });
  }

  /** In diffusion-core, every package has its line in the list. */
  public static ArchRule theCoreHasNoOtherPackages(String root) {
    String top = root + ".diffusion";
    return classes()
        .that()
        .resideInAPackage(top + "..")
        .should(new ArchCondition<>("be in a package of the list") {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            events.add(new SimpleConditionEvent(
                type,
                line(top, CORE, type) >= 0,
                type.getPackageName() + " of " + type.getName() + " is not in the list"));
          }
        })
        .as("diffusion-core has the packages of the list");
  }

  private static int line(String top, List<Set<String>> order, JavaClass type) {
    String name = type.getPackageName();
    if (!name.equals(top) && !name.startsWith(top + ".")) {
      return -1;
    }
    String rest = name.substring(top.length());
    String listed = rest.replaceFirst("^(\\.internal\\.family)\\..*", "$1.*");
    for (int i = 0; i < order.size(); i++) {
      if (order.get(i).contains(listed)) {
        return i;
      }
    }
    return -1;
  }

  /** Packages form no cycle; told by each use that lies on one. */
  public static ArchRule noCycles(String root) {
    return classes()
        .that()
        .resideInAPackage(root + "..")
        .should(new OncePerTarget("lie on no cycle of packages") {
          private Map<String, Set<String>> reached;

          @Override
          public void init(Collection<JavaClass> all) {
            reached = reachable(uses(root, all));
          }

          @Override
          boolean isWrong(JavaClass from, JavaClass to) {
            return !from.getPackageName().equals(to.getPackageName())
                && reached
                    .getOrDefault(to.getPackageName(), Set.of())
                    .contains(from.getPackageName());
          }
        })
        .as("packages form no cycle");
  }

  private static Map<String, Set<String>> uses(String root, Collection<JavaClass> all) {
    return all.stream()
        .collect(Collectors.groupingBy(
            JavaClass::getPackageName,
            TreeMap::new,
            Collectors.flatMapping(
                type -> type.getDirectDependenciesFromSelf().stream()
                    .map(use -> use.getTargetClass().getBaseComponentType().getPackageName())
                    .filter(name -> name.startsWith(root + ".")),
                Collectors.toCollection(TreeSet::new))));
  }

  private static Map<String, Set<String>> reachable(Map<String, Set<String>> uses) {
    Map<String, Set<String>> reached = new TreeMap<>();
    for (String from : uses.keySet()) {
      Set<String> seen = new HashSet<>();
      Deque<String> open = new ArrayDeque<>(uses.get(from));
      while (!open.isEmpty()) {
        String next = open.pop();
        if (seen.add(next)) {
          open.addAll(uses.getOrDefault(next, Set.of()));
        }
      }
      reached.put(from, seen);
    }
    return reached;
  }

  /** Reports a class that uses another in the wrong way once, however often it does. */
  private abstract static class OncePerTarget extends ArchCondition<JavaClass> {
    OncePerTarget(String description) {
      super(description);
    }

    abstract boolean isWrong(JavaClass from, JavaClass to);

    @Override
    public void check(JavaClass from, ConditionEvents events) {
      from.getDirectDependenciesFromSelf().stream()
          .map(use -> use.getTargetClass().getBaseComponentType())
          .filter(to -> isWrong(from, to))
          .map(to -> from.getName() + " uses " + to.getName())
          .distinct()
          .forEach(text -> events.add(SimpleConditionEvent.violated(from, text)));
    }
  }
}
