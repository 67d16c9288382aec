"""SMOTE from the support vectors."""

from rebal_core.samplers.svm_smote import SVMSMOTE
from rebal_core.strategies.base import STRATEGIES, Strategy

svm_smote = STRATEGIES.add(
    Strategy(
        name="svm_smote",
        label="SVM-SMOTE",
        family="over",
        reference="Nguyen, Cooper & Kamei (2011), Int. J. Knowledge Engineering and Soft Data "
        "Paradigms 3, 4-21",
        aliases=("svmsmote", "支持向量过采样", "支持向量机smote"),
        about="New rows are made from the rare rows that are support vectors: between near ones "
        "where other classes are near, else beyond them, towards the border.",
        changes=("ranking", "probabilities"),
        probabilities="bent",
        pitfall="It is taken for a balanced support vector machine: the machine only finds the "
        "border, on the table as it is, and its time grows with the square of the rows. New rows "
        "may lie outside the range of a column.",
        steps=(SVMSMOTE(),),
    )
)
